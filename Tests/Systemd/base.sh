# A Debian folder with systemd and curl, made once, and the packages that ours needs, downloaded into it.

base_release=bookworm
base_packages=systemd,systemd-sysv,dbus,curl

# Whether a container can be booted at all.
require_containers() {
    (($(id -u) == 0)) || unavailable "only root can boot a container"
    unshare --mount --pid --net --ipc --uts --fork true 2>/dev/null || unavailable "namespaces cannot be made here"
}

make_base() {
    local mirror stamp=$folder/base.stamp
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $base_release" \
        'Component: main' 2>/dev/null | head -n 1)
    [ -n "$mirror" ] || unavailable "apt knows no place to fetch Debian's $base_release from"
    use_proxy
    # Made again after a month, since what it names may have gone from the archive.
    find "$stamp" -mtime +30 -delete 2>/dev/null || true
    if [ "$(cat "$stamp" 2>/dev/null)" != "$base_packages" ]; then
        echo "# Making a Debian folder in $folder/base"
        rm -rf "$folder/base"
        debootstrap --variant=minbase --include="$base_packages" "$base_release" "$folder/base" "$mirror" \
            > "$folder/log/debootstrap.log" 2>&1 || {
            tail -n 20 "$folder/log/debootstrap.log" >&2
            unavailable "debootstrap cannot make a $base_release here"
        }
        in_base apt-get update
        echo "$base_packages" > "$stamp"
    fi
}

# fetch_package FILE: puts it, a higher version of it, and what they depend on where the container finds them.
fetch_package() {
    rm -rf "$folder/base/srv"
    mkdir -p "$folder/base/srv"
    cp "$1" "$folder/base/srv/ticketlockd.deb"
    raise_version "$1" +upgrade1 "$folder/base/srv/upgrade.deb"
    raise_version "$1" +upgrade2 "$folder/base/srv/other-settings.deb" '# The settings of a later version.'
    in_base apt-get install --download-only --no-install-recommends /srv/ticketlockd.deb
}

# raise_version FILE SUFFIX RESULT [LINE]: the same package as a higher version, with a line more in its settings.
raise_version() {
    local tree=$folder/raised
    rm -rf "$tree"
    dpkg-deb --raw-extract "$1" "$tree"
    sed -i "s/^Version: .*/&$2/" "$tree/DEBIAN/control"
    if [ -n "${4:-}" ]; then
        echo "$4" >> "$tree/etc/ticketlockd/ticketlockd.yaml"
    fi
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$tree" "$3" >/dev/null
    rm -rf "$tree"
}

in_base() {
    DEBIAN_FRONTEND=noninteractive chroot "$folder/base" "$@" --yes -qq > "$folder/log/apt.log" 2>&1 || {
        cat "$folder/log/apt.log" >&2
        exit 1
    }
}

# debootstrap and the apt in the folder use the proxy of the apt outside, if that has one.
use_proxy() {
    local proxy=
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    if [ -n "$proxy" ]; then
        export http_proxy=$proxy
    fi
}
