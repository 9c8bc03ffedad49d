"""Part of a hub's configuration: sign-in with the unix account's own password (PAM)."""

c = get_config()  # put there by JupyterHub's loader

c.JupyterHub.authenticator_class = "pam"
# Sessions of PAM (mounts, mail) are for log-ins at a terminal.
c.PAMAuthenticator.open_sessions = False
# Accounts that the machine no longer has are none of the hub's, either.
c.Authenticator.delete_invalid_users = True
