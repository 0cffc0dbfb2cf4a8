# openSUSE. Leap 16 and later are installed by Agama, whose profile is JSON (a text to us) or an AutoYaST profile:
# https://agama-project.github.io/docs/user/reference/boot_options. Leap 15 and Tumbleweed here by YaST:
# https://en.opensuse.org/SDB:Linuxrc
os "opensuse" {
  title   = "openSUSE"
  default = "leap"
  configs = ["autoyast"]
  mirror  = "https://download.opensuse.org"

  # https://en.opensuse.org/openSUSE:Signing_Keys: "openSUSE Project Signing Key". With `keys` set to a file of this key, the
  # signatures are demanded.
  fingerprints = ["AD485664E901B867051AB15F35A2F86E29B700A4"]

  arch "amd64" {
    values = { arch = "x86_64", loader = "boot/x86_64/loader" }
  }
  arch "arm64" {
    values = { arch = "aarch64", loader = "boot/aarch64" }
  }

  channel "leap" {
    title  = "openSUSE Leap"
    values = { iso-file = "Leap-{version}-online-installer-{arch}.install.iso" }
    args = [
      "root=live:{iso} ip=dhcp",
      "{% if 'autoyast' in config_by_kind %}inst.auto={{ config_by_kind.autoyast }}{% elif 'text' in config_by_kind %}inst.auto={{ config_by_kind.text }}{% endif %}",
    ]

    listing {
      url    = "https://get.opensuse.org/api/v0/distributions.json"
      format = "opensuse-distributions"
      key    = "Leap"
    }
    file "iso" {
      url       = "{mirror}/distribution/leap/{version}/offline/{iso-file}"
      sums      = ["{mirror}/distribution/leap/{version}/offline/{iso-file}.sha256"]
      signature = "{mirror}/distribution/leap/{version}/offline/{iso-file}.sha256.asc"
    }
    file "kernel" {
      from = "iso"
      path = "{loader}/linux"
    }
    file "initrd" {
      from = "iso"
      path = "{loader}/initrd"
    }
  }

  channel "leap-15" {
    title  = "openSUSE Leap 15"
    values = { tree = "{mirror}/distribution/leap/{version}/repo/oss" }
    args = [
      "install={tree} ifcfg=*=dhcp hostname={{ machine.name }} textmode=1",
      "{% if 'autoyast' in config_by_kind %}autoyast={{ config_by_kind.autoyast }}{% endif %}",
    ]

    listing {
      url    = "{mirror}/distribution/leap/"
      format = "names"
      key    = "leap/{version}/"
      prefix = "15."
    }
    file "kernel" {
      url       = "{tree}/{loader}/linux"
      sums      = ["{tree}/CHECKSUMS"]
      signature = "{tree}/CHECKSUMS.asc"
    }
    file "initrd" {
      url       = "{tree}/{loader}/initrd"
      sums      = ["{tree}/CHECKSUMS"]
      signature = "{tree}/CHECKSUMS.asc"
    }
  }

  # It rolls: what lies at these URLs changes with each snapshot.
  channel "tumbleweed" {
    title  = "openSUSE Tumbleweed"
    values = { tree = "{mirror}/tumbleweed/repo/oss" }
    args = [
      "install={tree} ifcfg=*=dhcp hostname={{ machine.name }} textmode=1",
      "{% if 'autoyast' in config_by_kind %}autoyast={{ config_by_kind.autoyast }}{% endif %}",
    ]

    listing {
      url    = "https://get.opensuse.org/api/v0/distributions.json"
      format = "opensuse-distributions"
      key    = "Tumbleweed"
    }
    file "kernel" {
      url       = "{tree}/{loader}/linux"
      sums      = ["{tree}/CHECKSUMS"]
      signature = "{tree}/CHECKSUMS.asc"
    }
    file "initrd" {
      url       = "{tree}/{loader}/initrd"
      sums      = ["{tree}/CHECKSUMS"]
      signature = "{tree}/CHECKSUMS.asc"
    }
  }
}
