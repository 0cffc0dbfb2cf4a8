# Debian's installer out of an installed package, on a virtual machine: nothing is fetched from anywhere.
#
#     apt install debian-installer-12-netboot-amd64
#     firstlight lab run --site examples/debian-installer

network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"

  # The installer asks a person where it is told of neither. In the lab nobody answers behind them.
  gateway = "10.20.0.1"
  dns     = ["10.20.0.1"]
}

profile "debian" {
  os     = "debian-installer/12"
  config = "preseed.cfg"
  args   = "console=ttyS0 TERM=dumb DEBIAN_FRONTEND=text lowmem=+0"
}

machine "kitt" {
  mac = "52:54:00:20:00:01"
}

lab {
  machine "kitt" {
    memory = "512M"
    expect = "config"
  }
}
