# Ten different mistakes. docs/mistakes.md shows what `firstlight check examples/mistakes` says about them.

network "boot" {
  interfase = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.1.1"

  dhcp {
    range = ["10.20.0.100", "10.20.0.200"]
  }
}

network "storage" {
  subnet = "10.40.0.0/24"
  dhcp { mode = "authoritative" lease = "1h" }
}

asset "kernel" {
  url = "htps://boot.example/vmlinuz"
}

profile "rescue" {
  script = "rescu.ipxe"
}
