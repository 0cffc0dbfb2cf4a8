# What an installer's scripts share: which disk is overwritten, and how the server is told what becomes of it.
# POSIX sh: the busybox of Debian's and Alpine's installers, dash and bash run it.
#
#   choose_disk           sets $disk to the one disk that the site means; where that is none, or several, gives up
#   find_disk             prints it; or says on standard error why there is none, and fails
#   tell URL TEXT         sends a line of text by POST; fails where the server did not take it
#   give_up WHY           reports that the install failed, and starts the machine again: the server says what comes next

tell() {
  tell_tries=0
  until tell_once "$1" "$2"; do
    tell_tries=$((tell_tries + 1))
    [ "$tell_tries" -lt 5 ] || return 1
    sleep 3
  done
}

tell_once() {
  if command -v curl >/dev/null 2>&1; then
    curl -sS -f -m 30 -o /dev/null --data-raw "$2" "$1"
  elif wget --help 2>&1 | grep -q -e --post-data; then
    wget -q -O /dev/null --post-data="$2" "$1"
  else
    tell_by_nc "$1" "$2"
  fi
}

# The busybox of Debian's installer has no other way to send anything.
tell_by_nc() {
  nc_host=${1#http://}
  nc_path=/${nc_host#*/}
  nc_host=${nc_host%%/*}
  case $nc_host in
    *:*) nc_port=${nc_host##*:} ;;
    *) nc_port=80 ;;
  esac
  nc_length=$(printf %s "$2" | wc -c)
  nc_answer=$(printf 'POST %s HTTP/1.0\r\nHost: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s' \
    "$nc_path" "$nc_host" "$nc_length" "$2" | nc -w 30 "${nc_host%:*}" "$nc_port" | head -n 1)
  case $nc_answer in
    HTTP/*' 200 '*) return 0 ;;
    *) return 1 ;;
  esac
}

give_up() {
  echo "firstlight: $1" >&2
  tell "$report_url/failed" "$1"
  sleep 30
  reboot -f
  exit 1
}

choose_disk() {
  disk=$(find_disk 2>&1) || give_up "$disk"
}

find_disk() {
  if [ -n "$disk_path" ]; then
    if [ -b "$disk_path" ]; then
      readlink -f "$disk_path"
      return 0
    fi
    look_at_disks
    echo "there is no disk $disk_path; there are:${seen:- none}" >&2
    return 1
  fi
  look_at_disks
  set -- $fits
  if [ $# = 1 ]; then
    # The kernel writes a slash in a device's name as an exclamation mark.
    echo "/dev/$(echo "$1" | tr '!' '/')"
    return 0
  fi
  case $# in
    0) echo "$disk_wanted is not there; there are:${seen:- none}" >&2 ;;
    *) echo "$# disks are $disk_wanted:$fits; there are:$seen" >&2 ;;
  esac
  return 1
}

# Sets $seen to all disks in words, and $fits to the names of those that fit.
look_at_disks() {
  seen='' fits='' best=''
  for block in /sys/block/*; do
    name=${block##*/}
    is_disk || continue
    bytes=$(($(cat "$block/size") * 512))
    serial=$(disk_serial)
    model=$(cat "$block/device/model" 2>/dev/null | words)
    turns=$(cat "$block/queue/rotational" 2>/dev/null)
    seen="$seen $name ($bytes bytes${model:+, $model}${serial:+, serial $serial});"
    is_wanted && keep_disk
  done
}

# What is a real device of its own, holds something, and was not put in by hand.
is_disk() {
  case $name in sr*|fd*|*boot[0-9]|*rpmb) return 1 ;; esac
  [ -e "$block/device" ] || return 1
  [ "$(cat "$block/removable" 2>/dev/null)" != 1 ] || return 1
  [ "$(cat "$block/hidden" 2>/dev/null)" != 1 ] || return 1
  [ "$(cat "$block/size" 2>/dev/null || echo 0)" -gt 0 ]
}

# NVMe and virtio tell it in a file; SCSI and SATA in page 0x80 of their vital product data, behind four bytes.
disk_serial() {
  for file in "$block/serial" "$block/device/serial"; do
    [ ! -e "$file" ] || { words <"$file"; return; }
  done
  dd if="$block/device/vpd_pg80" bs=4 skip=1 2>/dev/null | words
}

# Printable characters, without the spaces that drives fill up with.
words() {
  tr -cd ' -~' | sed 's/^ *//; s/ *$//'
}

is_wanted() {
  [ -z "$disk_serial" ] || [ "$serial" = "$disk_serial" ] || return 1
  [ -z "$disk_rotational" ] || [ "$turns" = "$disk_rotational" ] || return 1
  [ "$bytes" -ge "$disk_least" ] || return 1
  [ -z "$disk_most" ] || [ "$bytes" -le "$disk_most" ] || return 1
  [ -n "$disk_model" ] || return 0
  case $model in
    $disk_model) return 0 ;;
    *) return 1 ;;
  esac
}

# Of the smallest or the largest disks all are kept that are equally so: which of them is meant is not known.
keep_disk() {
  if [ -n "$best" ]; then
    case $disk_pick in
      smallest) [ "$bytes" -le "$best" ] || return 0 ;;
      largest) [ "$bytes" -ge "$best" ] || return 0 ;;
    esac
    [ -z "$disk_pick" ] || [ "$bytes" = "$best" ] || fits=''
  fi
  best=$bytes
  fits="$fits $name"
}
