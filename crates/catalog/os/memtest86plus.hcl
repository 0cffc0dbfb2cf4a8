# Memtest86+, which tests a machine's memory. https://memtest.org. The same file starts on a BIOS and on UEFI.
os "memtest86plus" {
  title   = "Memtest86+"
  default = "stable"
  mirror  = "https://memtest.org/download"

  arch "amd64" {}

  channel "stable" {}

  listing {
    url    = "https://github.com/memtest86plus/memtest86plus/releases.atom"
    format = "github-atom"
  }

  # Nobody signs it, and no list names it: what comes first over https is what firstlight.lock holds from then on.
  file "binaries" {
    url = "{mirror}/v{version}/mt86plus_{version}.binaries.zip"
  }
  file "kernel" {
    from = "binaries"
    path = "mt86p_{version-digits}_x86_64"
  }
}
