// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interfaces: told by their address, since the order in which devices appear is
 * the kernel's business; renamed, addressed and set up.
 *
 * IPv6 addresses are usable at once: duplicate address detection and router
 * solicitations wait for random times, and there are neither duplicates nor
 * routers that the configuration did not make. Its sysctls come later and may
 * ask for both again. rtnetlink by hand, since this program is static and needs
 * one message of it.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"

static int if_request(unsigned long what, struct ifreq *req)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, what, req))
		err = -errno;
	close(fd);
	return err;
}

static void if_name(char to[IFNAMSIZ], const char *name)
{
	snprintf(to, IFNAMSIZ, "%.*s", IFNAMSIZ - 1, name);
}

static int if_up(const char *name)
{
	struct ifreq req = { .ifr_flags = 0 };
	int err;

	if_name(req.ifr_name, name);
	err = if_request(SIOCGIFFLAGS, &req);
	if (err)
		return err;
	req.ifr_flags |= IFF_UP;
	return if_request(SIOCSIFFLAGS, &req);
}

static int if_rename(const char *from, const char *to)
{
	struct ifreq req = { .ifr_flags = 0 };

	if_name(req.ifr_name, from);
	if_name(req.ifr_newname, to);
	return if_request(SIOCSIFNAME, &req);
}

static bool has_mac(const char *name, const char *mac)
{
	char path[300], have[32] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, have, sizeof(have) - 1);
	close(fd);
	return n > 0 && !strncasecmp(have, mac, strlen(mac));
}

static int find_mac(const char *mac, char name[IFNAMSIZ])
{
	DIR *dir = opendir("/sys/class/net");
	struct dirent *e;
	int err = -ENODEV;

	if (!dir)
		return -errno;
	while (err && (e = readdir(dir))) {
		if (*e->d_name == '.' || !has_mac(e->d_name, mac))
			continue;
		if_name(name, e->d_name);
		err = 0;
	}
	closedir(dir);
	return err;
}

/* Someone else may have the name: that one is called otherwise until its turn. */
static int take_name(const char *from, const char *to)
{
	char other[IFNAMSIZ];
	int err;

	if (!strcmp(from, to))
		return 0;
	if (if_nametoindex(to)) {
		snprintf(other, sizeof(other), "was%u", if_nametoindex(to));
		err = if_rename(to, other);
		if (err)
			return err;
	}
	return if_rename(from, to);
}

static void quiet_ipv6(const char *ifname)
{
	static const char * const keys[] = { "accept_dad", "router_solicitations" };
	char path[128];
	size_t i;

	/* a kernel without IPv6 has none of them */
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", ifname, keys[i]);
		write_file(path, "0");
	}
}

struct addr_request {
	struct nlmsghdr head;
	struct ifaddrmsg addr;
	char attributes[128];
};

static void attribute(struct addr_request *r, int type, const void *p, size_t len)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), p, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static int netlink(const void *request, size_t len)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char more[512];
	} reply;
	ssize_t n = -1;
	int err;

	if (fd < 0)
		return -errno;
	if (send(fd, request, len, 0) == (ssize_t)len)
		n = recv(fd, &reply, sizeof(reply), 0);
	err = n < 0 ? -errno : -EPROTO;
	close(fd);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(reply.error)) ||
	    reply.head.nlmsg_type != NLMSG_ERROR)
		return err;
	return reply.error.error;
}

/* ADDRESS/PREFIX, of the family that it looks like. */
static int add_address(const char *ifname, const char *text)
{
	struct addr_request r = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			.nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		},
		.addr = { .ifa_index = if_nametoindex(ifname) },
	};
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	size_t len = family == AF_INET6 ? 16 : 4;
	char addr[64], *slash;
	unsigned char bin[16];
	uint32_t brd;

	snprintf(addr, sizeof(addr), "%s", text);
	slash = strchr(addr, '/');
	if (!slash)
		return -EINVAL;
	*slash = '\0';
	if (inet_pton(family, addr, bin) != 1)
		return -EINVAL;
	r.addr.ifa_family = family;
	r.addr.ifa_prefixlen = atoi(slash + 1);
	if (family == AF_INET6)
		r.addr.ifa_flags = IFA_F_NODAD;
	attribute(&r, IFA_LOCAL, bin, len);
	attribute(&r, IFA_ADDRESS, bin, len);
	if (family == AF_INET && r.addr.ifa_prefixlen < 31) {
		memcpy(&brd, bin, sizeof(brd));
		brd |= htonl(0xffffffffu >> r.addr.ifa_prefixlen);
		attribute(&r, IFA_BROADCAST, &brd, sizeof(brd));
	}
	return netlink(&r, r.head.nlmsg_len);
}

/* An address "-" is none. */
int nic_setup(const char *ifname, const char *mac, const char *addr4, const char *addr6)
{
	char now[IFNAMSIZ];
	int err;

	err = find_mac(mac, now) ?: take_name(now, ifname);
	if (err)
		return err;
	quiet_ipv6(ifname);
	if (strcmp(addr4, "-"))
		err = add_address(ifname, addr4);
	if (!err)
		err = if_up(ifname);
	/* only an interface that is up has IPv6 */
	if (!err && strcmp(addr6, "-"))
		err = add_address(ifname, addr6);
	return err;
}
