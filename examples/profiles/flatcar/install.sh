#!/bin/bash
# Installs Flatcar to the disk of {{ machine.name }}, reports, and starts it.
{{ install.find_disk }}

choose_disk
tell "$report_url/progress" "installs to $disk" || true
if ! flatcar-install -d "$disk" -i /opt/target.ign{% if vars.release %} -b "{{ vars.release }}"{% endif %} >/run/install.log 2>&1; then
  give_up "flatcar-install failed: $(tail -n 1 /run/install.log | cut -c 1-600)"
fi
sync
tell "{{ report_url }}" "Flatcar is installed on $disk" || give_up "the report was not taken"
systemctl reboot
