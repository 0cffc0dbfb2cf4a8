# Machines that nobody declared wait in a small Linux that tells what they are made of, and touches nothing. `firstlight
# machines` lists them, `machines show MAC` tells their parts, `machines approve MAC --name NAME` takes one on.

site {
  unknown = "park"
  parking = "inventory"
}

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

profile "inventory" {
  title  = "Tells what the machine is made of, and waits"
  menu   = false
  kernel = asset.linux
  initrd = asset.initrd
  args = [
    "console=ttyS0 quiet BOOTIF={{ machine.bootif }}",
    "firstlight.inventory={{ inventory_url }} firstlight.parked={{ parked_url }}",
  ]
}

lab {
  machine "stranger" {
    firmware = "bios"
    memory   = "512M"
    disk     = "64M"
    expect   = "parked"
  }
}
