"""Part of a hub's configuration: sign-in with the unix account's own password (PAM)."""

c = get_config()  # put there by JupyterHub's loader

c.JupyterHub.authenticator_class = "pam"
# Sessions of PAM (mounts, mail) are for log-ins at a terminal.
c.PAMAuthenticator.open_sessions = False
# Seconds that somebody who guesses passwords waits after some wrong ones come from PAM itself.
c.Authenticator.delete_invalid_users = True
