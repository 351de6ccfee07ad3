// Command wire is a slow cable: it copies frames between the network interface PORT and a TAP device that it makes,
// each after a delay, in order. Frames keep their offload headers, so that no checksum has to be computed for it.
//
//	wire PORT TAP MILLISECONDS
//
// The TAP device goes when it ends.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// limit is how many frames are under way each way at most; more are lost.
	limit = 4096
	// largest is a segmented frame of 64 KiB with its headers.
	largest = 66_000
)

type frame struct {
	due  time.Time
	data []byte
}

func main() {
	if len(os.Args) != 4 {
		fail("usage", fmt.Errorf("wire PORT TAP MILLISECONDS"))
	}
	ms, err := strconv.ParseFloat(os.Args[3], 64)
	if err != nil {
		fail("delay", err)
	}
	delay := time.Duration(ms * float64(time.Millisecond))
	port := openPort(os.Args[1])
	tap := openTap(os.Args[2])
	go carry(port, tap, delay)
	carry(tap, port, delay)
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "wire: %s: %v\n", what, err)
	os.Exit(1)
}

func must(what string, err error) {
	if err != nil {
		fail(what, err)
	}
}

// openPort is a raw socket at an interface that sees what comes in there and not what it sends itself.
func openPort(name string) int {
	// No protocol, so that nothing arrives before the socket is bound to the interface.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	must("packet socket", err)
	must("offload headers", unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1))
	must("ignore own", unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1))
	request, err := unix.NewIfreq(name)
	must(name, err)
	must(name, unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request))
	const all = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8 // in network order
	address := &unix.SockaddrLinklayer{Protocol: all, Ifindex: int(request.Uint32())}
	must(name, unix.Bind(fd, address))
	return fd
}

func openTap(name string) int {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	must("/dev/net/tun (is the kernel module tun loaded?)", err)
	request, err := unix.NewIfreq(name)
	must(name, err)
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	must(name, unix.IoctlIfreq(fd, unix.TUNSETIFF, request))
	offload := unix.TUN_F_CSUM | unix.TUN_F_TSO4 | unix.TUN_F_TSO6
	must("offload", unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, offload))
	return fd
}

// carry never returns.
func carry(from, to int, delay time.Duration) {
	queue := make(chan frame, limit)
	go func() {
		for next := range queue {
			time.Sleep(time.Until(next.due))
			// What cannot be sent is lost, as on any cable: an interface that is down, a fault's rule.
			_, _ = unix.Write(to, next.data)
		}
	}()
	buffer := make([]byte, largest)
	for {
		n, err := unix.Read(from, buffer)
		if err != nil {
			// The interface is down: it may come up again.
			time.Sleep(time.Millisecond)
			continue
		}
		select {
		case queue <- frame{time.Now().Add(delay), append([]byte(nil), buffer[:n]...)}:
		default:
		}
	}
}
