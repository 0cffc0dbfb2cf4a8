class "worker" {
  profile = "rescue"
  vars    = { region = "fra1" }
}

machine "kitt" {
  mac     = "52:54:00:12:34:56"
  class   = "workers"
  address = "10.20.0.110"
}

machine "karr" {
  mac     = "52:54:00:12:34:56"
  class   = "worker"
  address = "10.20.0.12"
}

machine "edge" {
  for_each = { a = 1, b = 2 }

  mac     = "52:54:00:00:01:0${each.value}"
  class   = "worker"
  address = cidrhost(network.boot.subnett, 20 + each.value)
}

lab {
  machine "kitt" {
    firmware = "efi"
  }
}
