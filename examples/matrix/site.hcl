# What `make matrix` boots: every kind of firmware that a lab has, on every way through the network that it knows.
# BIOS knows no HTTP boot.

# A lab starts a server of its own for the addresses of a network in proxy mode.
network "authoritative" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}

# Debian has it from Debian 13 on; scripts/prepare-arm64 fetches it.
loader "arm64" {
  arch = [11, 19]
  path = "../assets/arm64/ipxe-arm64.efi"
}

asset "linux" {
  path = "../assets/vmlinuz"
}

asset "initrd" {
  path = "../assets/initrd"
}

asset "linux-arm64" {
  path = "../assets/arm64/vmlinuz"
}

asset "initrd-arm64" {
  path = "../assets/arm64/initrd"
}

profile "small-linux" {
  arch   = "amd64"
  kernel = asset.linux
  initrd = asset.initrd
  args   = "console=ttyS0 quiet BOOTIF={{ machine.bootif }} firstlight.report={{ report_url }}"
}

profile "small-linux-arm64" {
  arch   = "arm64"
  kernel = asset.linux-arm64
  initrd = asset.initrd-arm64
  args   = "console=ttyAMA0 quiet BOOTIF={{ machine.bootif }} firstlight.report={{ report_url }}"
}

machine "pc" {
  for_each = {
    bios      = "01"
    uefi      = "02"
    uefi-http = "03"
  }
  name    = each.key
  mac     = "52:54:00:40:00:${each.value}"
  profile = profile.small-linux
}

machine "arm" {
  for_each = {
    arm64      = "06"
    arm64-http = "07"
  }
  name    = each.key
  mac     = "52:54:00:40:00:${each.value}"
  profile = profile.small-linux-arm64
}

lab {
  machine "bios" {
    firmware = "bios"
    memory   = "512M"
  }
  machine "uefi" {
    firmware = "uefi"
    memory   = "512M"
  }
  machine "uefi-http" {
    firmware = "uefi-http"
    memory   = "512M"
  }
  machine "arm64" {
    firmware = "arm64"
    memory   = "512M"
  }
  machine "arm64-http" {
    firmware = "arm64-http"
    memory   = "512M"
  }
}
