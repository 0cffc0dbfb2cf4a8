# The small Linux on one machine for each firmware. `make demo` runs this where the distribution has no package with
# Debian's installer.

network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}

asset "linux" {
  path = "../assets/vmlinuz"
}

asset "initrd" {
  path = "../assets/initrd"
}

profile "small-linux" {
  kernel = asset.linux
  initrd = asset.initrd
  args   = "console=ttyS0 quiet BOOTIF={{ machine.bootif }} firstlight.report={{ report_url }}"
}

machine "kitt" {
  mac = "52:54:00:20:00:01"
}

machine "hal" {
  mac = "52:54:00:20:00:02"
}

machine "marvin" {
  mac = "52:54:00:20:00:03"
}

lab {
  machine "kitt" {
    firmware = "bios"
    memory   = "512M"
  }
  machine "hal" {
    firmware = "uefi"
    memory   = "512M"
  }
  machine "marvin" {
    firmware = "uefi-http"
    memory   = "512M"
  }
}
