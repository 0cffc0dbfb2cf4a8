#!/bin/bash
# Runs inside the machine that tests/tests/systemd.rs boots: the units of packaging/ under a real systemd. What stands behind
# "RESULT" is a result, whoever else writes on the console: "ok …" or "FAILED …"; the last is "done".
exec >/dev/console 2>&1 </dev/null
PATH=/usr/sbin:/usr/bin:/sbin:/bin

result() { printf '\nRESULT %s\n' "$*"; }
ok() { result "ok $1"; }
failed() { result "FAILED $*"; }
check() { # NAME COMMAND...
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$name"; else failed "$name: $* said: $said"; fi
}
is() { # NAME VALUE EXPECTED
  if [ "$2" = "$3" ]; then ok "$1"; else failed "$1: it is '$2', not '$3'"; fi
}
property() { systemctl show -P "$1" firstlight.service; }
status() { sed -n "s/^$1:\t//p" "/proc/$(property MainPID)/status"; }
client() { ip netns exec client "$@"; }
fetch() { client curl -sS -m 60 --retry 0 "$@"; }
log_has() { journalctl -b -u firstlight.service --no-pager | grep -q "$1"; }
wait_until() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}
drop_in() { # NAME TEXT
  mkdir -p /etc/systemd/system/firstlight.service.d
  printf '[Service]\n%b\n' "$2" >"/etc/systemd/system/firstlight.service.d/$1.conf"
  systemctl daemon-reload
}

# The network: eth1 is the server's, eth0 a machine's.
ip link set lo up
ip netns add client
ip link add eth1 type veth peer name eth0 netns client
ip address add 10.20.0.1/24 dev eth1
ip link set eth1 up
ip -n client link set lo up
ip -n client link set eth0 up

# As the units' own comments say.
systemd-sysusers
check "the units are right" systemd-analyze verify --man=no firstlight.service firstlight.socket firstlight-http.socket
systemctl start firstlight.socket firstlight-http.socket
is "sockets alone start nothing" "$(property ActiveState)" inactive
check "it starts, and says when it is ready" systemctl start firstlight.service
is "it is active" "$(property ActiveState)/$(property Type)" active/notify
is "it tells what it serves" "$(property StatusText)" "serving generation 1 of the site"
is "it runs as its user" "$(ps -o user= -p "$(property MainPID)")" firstlight
is "of the capabilities, one is left" "$(status CapEff) $(status CapPrm)" "0000000000001000 0000000000001000"
is "it gains none, and its system calls are filtered" "$(status NoNewPrivs) $(status Seccomp)" "1 2"
is "every socket was handed over" "$(journalctl -b -u firstlight.service --no-pager | grep -c 'going on with the socket')" 4
check "a machine has its address" client udhcpc -f -q -n -i eth0 -s /bin/true
ip -n client address add 10.20.0.50/24 dev eth0
is "a file by HTTP" "$(fetch http://10.20.0.1:8080/asset/small)" small
is "a file by TFTP" "$(fetch tftp://10.20.0.1/small)" small

# A new site, and a broken one.
printf 'asset "more" {\n  path = "small"\n}\n' >/etc/firstlight/more.hcl
check "it reloads" systemctl reload firstlight.service
is "the new site is served" "$(property StatusText): $(fetch http://10.20.0.1:8080/asset/more)" "serving generation 2 of the site: small"
echo 'machine "kitt" {' >/etc/firstlight/broken.hcl
if systemctl reload firstlight.service; then failed "a broken site is refused"; else ok "a broken site is refused"; fi
is "the old one is served on" "$(property ActiveState) $(property StatusText): $(fetch http://10.20.0.1:8080/asset/more)" \
  "active serving generation 2 of the site: small"
check "the journal says why" log_has "broken.hcl"
rm /etc/firstlight/broken.hcl

# Killed: what is asked meanwhile waits.
before=$(property MainPID)
systemctl kill --signal=KILL firstlight.service
fetch http://10.20.0.1:8080/asset/small >/tmp/http & by_http=$!
fetch tftp://10.20.0.1/small >/tmp/tftp & by_tftp=$!
wait $by_http $by_tftp
is "what was asked while it was dead is answered" "$(cat /tmp/http) $(cat /tmp/tftp)" "small small"
is "it was started again" "$(property ActiveState) $(property NRestarts) $([ "$(property MainPID)" != "$before" ] && echo anew)" "active 1 anew"

# Hung: the watchdog sees it.
drop_in watchdog WatchdogSec=10
systemctl restart firstlight.service
before=$(property MainPID)
kill -STOP "$before"
anew() { [ "$(property MainPID)" != "$before" ] && [ "$(property ActiveState)" = active ]; }
check "one that hangs is started anew" wait_until 120 anew
check "by the watchdog" log_has "Watchdog timeout"
is "and serves" "$(fetch http://10.20.0.1:8080/asset/small)" small

# Told to end while somebody fetches.
client curl -sS -m 100 --limit-rate 500K -o /tmp/big http://10.20.0.1:8080/asset/big & slow=$!
check "a download has begun" wait_until 30 test -s /tmp/big
systemctl stop firstlight.socket firstlight-http.socket firstlight.service
wait $slow
is "a download under way is finished" "$(stat -c %s /tmp/big)" "$(stat -c %s /etc/firstlight/big)"
is "it ended well" "$(property ActiveState) $(property Result) $(property ExecMainStatus)" "inactive success 0"

# Without any privilege.
drop_in bare 'AmbientCapabilities=\nCapabilityBoundingSet='
systemctl start firstlight.socket firstlight-http.socket
check "it starts without any privilege" systemctl start firstlight.service
is "it has none" "$(status CapPrm) $(property ActiveState)" "0000000000000000 active"
is "and serves by the sockets that are held" "$(fetch tftp://10.20.0.1/small) $(fetch http://10.20.0.1:8080/asset/small)" "small small"
systemctl stop firstlight.socket firstlight-http.socket firstlight.service
rm /etc/systemd/system/firstlight.service.d/bare.conf
systemctl daemon-reload
check "it starts without held sockets" systemctl start firstlight.service
is "and opens its own" "$(fetch tftp://10.20.0.1/small) $(fetch http://10.20.0.1:8080/asset/small)" "small small"

result "$(systemd-analyze security --no-pager firstlight.service | tail -n 1)"
result done
systemctl poweroff --force --force
