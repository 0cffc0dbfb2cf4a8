# The small Linux on a machine that enforces Secure Boot: `firstlight lab run examples/secure-boot`.
# Needs the packages shim-signed and grub-efi-amd64-signed, and what `make demo` puts into examples/assets.

site {
  secure_boot = true
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

profile "small-linux" {
  kernel = asset.linux
  initrd = asset.initrd
  args   = "console=ttyS0 BOOTIF={{ machine.bootif }} firstlight.report={{ report_url }}"
}

machine "kitt" {
  mac = "52:54:00:20:01:01"
}

lab {
  machine "kitt" {
    firmware = "uefi-secure"
    memory   = "512M"
  }
}
