#!/bin/bash
# Installs Fedora CoreOS to the disk of {{ machine.name }}, reports, and starts it.
{{ install.find_disk }}

choose_disk
tell "$report_url/progress" "installs to $disk" || true
if ! coreos-installer install --offline --ignition-file /etc/target.ign "$disk" >/run/install.log 2>&1; then
  give_up "coreos-installer failed: $(tail -n 1 /run/install.log | cut -c 1-600)"
fi
sync
tell "{{ report_url }}" "Fedora CoreOS is installed on $disk" || give_up "the report was not taken"
systemctl reboot
