#!/bin/sh
# Installs Alpine to the disk of {{ machine.name }} ({{ machine.mac }}), reports, and starts it.
{{ install.find_disk }}

choose_disk
tell "$report_url/progress" "installs to $disk" || true

# setup-disk takes the configuration of the system in memory along: from now on that is the installed system's.
rm -f /etc/local.d/firstlight.start
cat >/etc/local.d/firstlight-up.start <<'UP'
#!/bin/sh
wget -q -O /dev/null --post-data="{{ machine.name }} runs from its disk" {{ report_url }}/progress && rm -f "$0"
UP
chmod 755 /etc/local.d/firstlight-up.start
mkdir -p -m 700 /root/.ssh
cat >/root/.ssh/authorized_keys <<'KEYS'
{% for key in vars.ssh_keys %}
{{ key }}
{% endfor %}
KEYS

cat >/tmp/answers <<ANSWERS
KEYMAPOPTS="us us"
HOSTNAMEOPTS="{{ machine.name }}"
INTERFACESOPTS="auto lo
iface lo inet loopback

auto eth0
iface eth0 inet dhcp
"
DEVDOPTS="mdev"
TIMEZONEOPTS="UTC"
PROXYOPTS="none"
APKREPOSOPTS="{{ vars.mirror }}/{{ vars.branch }}/main"
USEROPTS="none"
SSHDOPTS="openssh"
NTPOPTS="busybox"
DISKOPTS="-m sys $disk"
LBUOPTS="none"
APKCACHEOPTS="none"
ANSWERS

# Without ERASE_DISKS it would ask a person whether the disk may be overwritten.
if ! ERASE_DISKS="$disk" setup-alpine -e -f /tmp/answers >/tmp/install.log 2>&1; then
  give_up "setup-alpine failed: $(tail -n 1 /tmp/install.log | cut -c 1-600)"
fi
sync
tell "{{ report_url }}" "Alpine is installed on $disk" || give_up "the report was not taken"
reboot
