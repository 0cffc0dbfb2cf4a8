# What `make demo` boots: three virtual machines, three ways that firmware boots from a network, two systems.

site {
  domain = "lab.example"
}

network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"

  # The installer asks a person where it is told of neither. In the lab nobody answers behind them.
  gateway = "10.20.0.1"
  dns     = ["10.20.0.1"]

  dhcp {
    range = ["10.20.0.100", "10.20.0.200"]
  }
}

asset "linux" {
  path = "../assets/vmlinuz"
}

asset "linux-initrd" {
  path = "../assets/initrd"
}

asset "debian-linux" {
  path = "../assets/debian-linux"
}

asset "debian-initrd" {
  path = "../assets/debian-initrd.gz"
}

# Debian's cloud kernel and an initrd with firstlight-init in it: gets an address and reports that it is up.
profile "small-linux" {
  title  = "Small Linux that reports back"
  kernel = asset.linux
  initrd = asset.linux-initrd
  args   = "console=ttyS0 quiet BOOTIF={{ machine.bootif }} firstlight.report={{ report_url }}"
}

# Debian's network installer, up to where it has fetched its preseed file from us.
profile "debian" {
  title  = "Debian 12 installer"
  kernel = asset.debian-linux
  initrd = asset.debian-initrd
  config = "preseed.cfg"
  args = [
    "console=ttyS0 quiet TERM=dumb DEBIAN_FRONTEND=text",
    "auto=true priority=critical url={{ config_url }}",
    "interface=auto hostname={{ machine.name }} domain={{ site.domain }}",
    "lowmem=+0", # so that it does not stop to say that 512 MB are few
  ]
}

class "node" {
  profile = profile.small-linux
}

machine "kitt" {
  mac     = "52:54:00:20:00:01"
  profile = profile.debian
  address = "10.20.0.11"
}

machine "hal" {
  mac     = "52:54:00:20:00:02"
  class   = class.node
  address = "10.20.0.12"
}

machine "marvin" {
  mac   = "52:54:00:20:00:03"
  class = class.node
}

lab {
  machine "kitt" {
    firmware = "bios"
    memory   = "512M"
    expect   = "config"
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
