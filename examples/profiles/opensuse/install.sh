#!/bin/bash
# What openSUSE's installer does for {{ machine.name }} besides what its profile says, called from there.
{{ install.find_disk }}

case $1 in
disk)
  choose_disk
  # Where there is such a file after the scripts, AutoYaST reads it in place of what it has fetched.
  sed "s|FIRSTLIGHT-DISK|$disk|" /tmp/profile/autoinst.xml >/tmp/profile/modified.xml ||
    give_up "AutoYaST's profile is not where it should be"
  tell "$report_url/progress" "installs to $disk" || true
  ;;
end) # within the installed system
  cat >/etc/systemd/system/firstlight-up.service <<'UNIT'
[Unit]
Description=Tell the boot server that the installed system runs
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/bin/curl -sS -f --retry 20 --retry-delay 3 --data-raw "{{ machine.name }} runs from its disk" {{ report_url }}/progress
ExecStartPost=/usr/bin/systemctl disable firstlight-up.service

[Install]
WantedBy=multi-user.target
UNIT
  systemctl enable firstlight-up.service
  sync
  tell "{{ report_url }}" "openSUSE is installed"
  ;;
esac
