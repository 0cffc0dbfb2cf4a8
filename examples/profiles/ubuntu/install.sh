#!/bin/bash
# What Ubuntu's installer does for {{ machine.name }} besides what its autoinstall says, called from there.
{{ install.find_disk }}

case $1 in
disk)
  choose_disk
  sed -i "s|FIRSTLIGHT-DISK|$disk|" /autoinstall.yaml
  tell "$report_url/progress" "installs to $disk" || true
  ;;
end)
  # The firmware's boot order stays as it was, the network first: the server sends the machine to its disk.
  current=$(efibootmgr 2>/dev/null | sed -n 's/^BootCurrent: //p')
  order=$(efibootmgr 2>/dev/null | sed -n 's/^BootOrder: //p')
  [ -z "$current" ] || efibootmgr -q -o "$current,$(echo "$order" | tr ',' '\n' | grep -v -x "$current" | paste -s -d ,)"
  sync
  tell "{{ report_url }}" "Ubuntu is installed"
  ;;
failed)
  give_up "the installer failed: $(tail -n 1 /var/log/installer/subiquity-server-debug.log | cut -c 1-600)"
  ;;
esac
