#!/bin/sh
# What Debian's installer does for {{ machine.name }} besides what its preseed file says, called from there.
{{ install.find_disk }}

# The installer has no hook for what goes wrong: it writes that to its log, and asks a person.
watch() {
  until grep -q 'failed with error code' /var/log/syslog; do
    sleep 10
  done
  give_up "$(sed '/failed with error code/q' /var/log/syslog | tail -n 5 | tr '\n' ' ' | tail -c 900)"
}

# The last that the installer does before it starts the machine again: 95 has let go of the disk, 97 lets go of the address.
end_hook() {
  mkdir -p /usr/lib/finish-install.d
  cat >/usr/lib/finish-install.d/96firstlight <<'HOOK'
#!/bin/sh
exec sh /tmp/install.sh end
HOOK
  chmod 755 /usr/lib/finish-install.d/96firstlight
}

root_keys() {
  mkdir -p -m 700 /target/root/.ssh
  cat >/target/root/.ssh/authorized_keys <<'KEYS'
{% for key in vars.ssh_keys %}
{{ key }}
{% endfor %}
KEYS
  chmod 600 /target/root/.ssh/authorized_keys
}

# At its first boot from the disk the installed system says so.
first_boot() {
  cat >/target/etc/systemd/system/firstlight-up.service <<'UNIT'
[Unit]
Description=Tell the boot server that the installed system runs
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/bin/curl -sS -f --retry 20 --retry-delay 3 --retry-all-errors --data-raw "{{ machine.name }} runs from its disk" {{ report_url }}/progress
ExecStartPost=/bin/systemctl disable firstlight-up.service

[Install]
WantedBy=multi-user.target
UNIT
  in-target systemctl enable firstlight-up.service
}

case $1 in
begin)
  # The installer goes on when nobody holds its pipes any more, debconf's among them: hence a shell of its own.
  sh "$0" watch </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- &
  end_hook
  tell "$report_url/progress" "Debian's installer runs" || true
  ;;
watch)
  watch
  ;;
disk)
  choose_disk
  debconf-set partman-auto/disk "$disk"
  debconf-set grub-installer/bootdev "$disk"
  tell "$report_url/progress" "installs to $disk" || true
  ;;
target)
  root_keys
  first_boot
  ;;
end)
  sync
  tell "{{ report_url }}" "Debian is installed" || true
  ;;
esac
