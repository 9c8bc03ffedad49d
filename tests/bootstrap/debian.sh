#!/usr/bin/env bash
# README's commands on a bare Debian and its own Python, as root and as an ordinary user: Debian 12 (bookworm, Python
# 3.11.2) or Debian 13 (trixie, Python 3.13).
#
# Run as root, by hand, on any Linux with debootstrap; it takes a network, 8 GB of disk and ten minutes:
#     tests/bootstrap/debian.sh                                 the demo, with the bubblewrap that pip brings
#     tests/bootstrap/debian.sh --bubblewrap                    … with Debian's own
#     tests/bootstrap/debian.sh --release trixie                on Debian 13
#     tests/bootstrap/debian.sh doctor                          another command than `demo`
#     tests/bootstrap/debian.sh test tests/unit                 … such as the tests
#
# PIP_…, …_proxy and certificate variables are passed on; SEEN="FILE FOLDER …" names what is to be seen inside at the
# same place, read only (a package index on disk, its certificate, /etc/pip.conf). ROOT names the folder for the system
# (default: a temporary one, deleted at the end); one that is there already is used as it is. MIRROR is Debian's mirror.
set -eu
packages=python3,python3-venv,git,ca-certificates
release=bookworm
while :; do
    case "${1:-}" in
    --bubblewrap) packages+=,bubblewrap && shift ;;
    --release) release=$2 && shift 2 ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || set -- demo
repository=$(cd "$(dirname "$0")/../.." && pwd)

if [ -z "${ROOT:-}" ]; then
    ROOT=$(mktemp -d /var/tmp/debian-XXXXXX)
    # debootstrap, when it is interrupted, leaves its /proc mounted
    trap 'umount "$ROOT/proc" 2>/dev/null || true; rm -rf --one-file-system "$ROOT"' EXIT
fi
mkdir -p "$ROOT"
chmod 755 "$ROOT" # mktemp makes it 700, and then an ordinary user inside has no /
if [ ! -e "$ROOT/etc/debian_version" ]; then
    debootstrap --variant=minbase "--include=$packages" "$release" "$ROOT" "${MIRROR:-http://deb.debian.org/debian}"
fi
cp /etc/resolv.conf /etc/hosts "$ROOT/etc/"
chroot "$ROOT" id -u teacher >/dev/null 2>&1 || chroot "$ROOT" useradd --create-home --shell /bin/bash teacher
for home in root home/teacher; do
    rm -rf "$ROOT/$home/convnet"
    git clone --quiet --no-hardlinks "$repository" "$ROOT/$home/convnet"
done
chroot "$ROOT" chown -R teacher:teacher /home/teacher

# Not by chroot alone: in one, the kernel makes no user namespaces, and the sandbox needs them. The new root becomes the
# root of a mount namespace of its own, with its own /proc.
cat >"$ROOT/enter" <<'INSIDE'
set -eu
cd "$ROOT"
mount --bind . .
cd "$ROOT"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
for path in ${SEEN:-}; do
    if [ -d "$path" ]; then mkdir -p "./$path"; else mkdir -p "./$(dirname "$path")" && touch "./$path"; fi
    mount --bind -o ro "$path" "./$path"
done
mkdir -p outside
pivot_root . outside
cd /
umount -l /outside
user=$1 && shift
names=$(compgen -e | grep -E '^(PIP_.*|.*_(proxy|PROXY)|SSL_CERT_.*|REQUESTS_CA_BUNDLE)$' | paste -sd, || true)
echo "== python3 -m admin $* · $(python3 --version) · $user · bubblewrap: $(command -v bwrap || echo "from pip")"
begun=$SECONDS code=0
su --login "$user" --whitelist-environment="$names" --command "cd convnet && python3 -m admin $*" || code=$?
echo "== exit code $code after $((SECONDS - begun)) s"
exit "$code"
INSIDE
failed=0
for user in root teacher; do
    ROOT=$ROOT unshare --mount --propagation private --pid --fork --kill-child bash "$ROOT/enter" "$user" "$@" ||
        failed=1
done
exit "$failed"
