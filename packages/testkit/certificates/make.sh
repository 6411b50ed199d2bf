#!/bin/sh
# Makes the certificates of the tests anew, with openssl. Needed only for another kind of certificate: these are
# valid until 2120, and their keys are public, since they are in the repository. No system may trust them.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from=20200101000000Z
until=21200101000000Z

cat >"$work/ca.conf" <<CONF
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CONF
: >"$work/index"

# certificate NAME EXTENSIONS UNTIL [ARGUMENTS]: signed by the authority, unless the arguments say otherwise
certificate() {
  name=$1
  printf "$2\n" >"$work/extensions"
  end=$3
  shift 3
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key.pem" 2>/dev/null
  openssl req -new -key "$name.key.pem" -subj "/CN=$name" -out "$work/request"
  [ $# -gt 0 ] || set -- -cert authority.cert.pem -keyfile authority.key.pem
  openssl ca -batch -notext -config "$work/ca.conf" -in "$work/request" -extfile "$work/extensions" \
    -startdate $from -enddate "$end" -out "$name.cert.pem" "$@" 2>/dev/null
}

leaf='basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName='
here="${leaf}DNS:localhost,IP:127.0.0.1,IP:::1"

certificate authority 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign' $until \
  -selfsign -keyfile authority.key.pem
certificate first "$here" $until
certificate second "$here" $until
certificate other-host "${leaf}DNS:other.example" $until
certificate expired "$here" 20210101000000Z
certificate self-signed "$here" $until -selfsign -keyfile self-signed.key.pem
openssl pkey -in first.key.pem -aes256 -passout pass:test -out encrypted.key.pem
chmod 644 ./*.pem
rm authority.key.pem
