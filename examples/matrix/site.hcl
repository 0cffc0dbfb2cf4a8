# What `make matrix` boots: every kind of firmware that a lab has, on every way through the network that it knows, where
# Firstlight is the only DHCP server and where there is another. BIOS knows no HTTP boot.

network "authoritative" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}

# A lab puts a DHCP server of its own beside ours here.
network "proxy" {
  interface = "eth2"
  subnet    = "10.30.0.0/24"
  dhcp {
    mode = "proxy"
  }
}

# Debian 12's package has none for Arm. scripts/prepare-arm64 fetches Debian 13's.
loader "arm64" {
  arch = [11, 19]
  path = "../assets/arm64/ipxe-arm64.efi"
}

# Debian 12's signed GRUB knows neither HTTP nor ProxyDHCP. scripts/prepare-secure-boot fetches Debian 13's.
loader "signed" {
  arch        = [7, 16]
  path        = "/usr/lib/shim/shimx64.efi.signed"
  beside      = { "grubx64.efi" = "../assets/secure-boot/grubnetx64.efi.signed" }
  then        = "grub"
  secure_boot = true
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
    bios            = "01"
    uefi            = "02"
    uefi-http       = "03"
    proxy-bios      = "11"
    proxy-uefi      = "12"
    proxy-uefi-http = "13"
  }
  name    = each.key
  mac     = "52:54:00:40:00:${each.value}"
  profile = profile.small-linux
}

machine "secure" {
  for_each = {
    secure            = "04"
    secure-http       = "05"
    proxy-secure      = "14"
    proxy-secure-http = "15"
  }
  name        = each.key
  mac         = "52:54:00:40:00:${each.value}"
  profile     = profile.small-linux
  secure_boot = true
}

machine "arm" {
  for_each = {
    arm64            = "06"
    arm64-http       = "07"
    proxy-arm64      = "16"
    proxy-arm64-http = "17"
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
  machine "secure" {
    firmware = "uefi-secure"
    memory   = "512M"
  }
  machine "secure-http" {
    firmware = "uefi-secure-http"
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

  machine "proxy-bios" {
    firmware = "bios"
    network  = network.proxy
    memory   = "512M"
  }
  machine "proxy-uefi" {
    firmware = "uefi"
    network  = network.proxy
    memory   = "512M"
  }
  machine "proxy-uefi-http" {
    firmware = "uefi-http"
    network  = network.proxy
    memory   = "512M"
  }
  machine "proxy-secure" {
    firmware = "uefi-secure"
    network  = network.proxy
    memory   = "512M"
  }
  machine "proxy-secure-http" {
    firmware = "uefi-secure-http"
    network  = network.proxy
    memory   = "512M"
  }
  machine "proxy-arm64" {
    firmware = "arm64"
    network  = network.proxy
    memory   = "512M"
  }
  machine "proxy-arm64-http" {
    firmware = "arm64-http"
    network  = network.proxy
    memory   = "512M"
  }
}
