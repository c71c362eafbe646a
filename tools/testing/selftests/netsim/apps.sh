#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do ordinary programs work between nodes? A client and a server, 5 ms apart,
# with the programs that this host has.
#
# 1. curl gets a file of 300 kB from nginx unharmed, over IPv4 and IPv6
# 2. the time that curl says follows from the latency: one round trip for the
#    connection, one more for the first byte
# 3. ssh logs in with a key made for this test, runs a command there, and a file comes
#    through it unharmed
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq curl=curl nginx=nginx-light \
	sshd=openssh-server ssh=openssh-client
ktap_set_plan 3

web()
{
	run web <<'EOT'
seed: 1
nodes:
  - name: client
    commands:
      - start: 100ms
        run: |
          for v in 4 6; do
            curl -sS -$v -o got$v -w '%{time_connect} %{time_starttransfer}\n' \
              http://server/file || exit
            sha256sum < got$v
          done
  - name: server
    setup:
      - mkdir -p /run/www /var/log/nginx /var/lib/nginx
      - seq 60000 | head -c 300000 > /run/www/file
      - |
        cat > /run/nginx.conf <<'END'
        user root;
        pid /run/nginx.pid;
        events { }
        http { access_log off; server { listen 80; listen [::]:80; root /run/www; } }
        END
    commands:
      - run: sha256sum < /run/www/file
      - run: nginx -c /run/nginx.conf -g 'daemon off;'
        background: true
links:
  - nodes: [client, server]
    latency: 5ms
EOT
}

unharmed()
{
	local sum

	sum=$(output web server 0)
	is "$status" 0 && is "$(output web client 0 | sed -n '2p;4p')" "$sum"$'\n'"$sum"
}

# a first connection also asks for the server's address
times()
{
	output web client 0 | sed -n '1p;3p' | {
		while read -r connect first; do
			between 0.020 "$connect" 0.0205 &&
				between 0.030 "$first" 0.0305 || return 1
		done
	}
}

# indent N FILE: for a block of YAML
indent()
{
	sed "s/^/$(printf '%*s' "$1" '')/" "$2"
}

secure_shell()
{
	ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
	run login <<EOT
seed: 1
nodes:
  - name: client
    setup:
      - |
        umask 077
        cat > /etc/key <<'END'
$(indent 8 "$tmp/key")
        END
    commands:
      - start: 100ms
        run: |
          ssh="ssh -i /etc/key -o StrictHostKeyChecking=no -o BatchMode=yes root@server"
          \$ssh hostname || exit
          seq 10000 | \$ssh 'cat > /out/copy; sha256sum < /out/copy'
          seq 10000 | sha256sum
  - name: server
    setup:
      - |
        ssh-keygen -q -t ed25519 -N '' -f /run/host
        cat > /run/keys <<'END'
$(indent 8 "$tmp/key.pub")
        END
    commands:
      - run: |
          \$(command -v sshd) -D -e -f /dev/null -h /run/host -o UsePAM=no \
            -o StrictModes=no -o AuthorizedKeysFile=/run/keys
        background: true
links:
  - nodes: [client, server]
    latency: 5ms
EOT
}

logged_in()
{
	is "$status" 0 && is "$(output login client 0 | grep -c '^server$')" 1 &&
		is "$(output login client 0 | grep -c '  -$')" 2 &&
		is "$(output login client 0 | grep '  -$' | sort -u | wc -l)" 1
}

web
check "curl gets a file from nginx unharmed" unharmed
check "curl sees the round trips" times
secure_shell
check "ssh logs in, runs a command, carries a file" logged_in
ktap_finished
