// Signpost. Apache-2.0; see LICENSE.

// lookup KIND NAME: what Go's own resolver finds, one record a line.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
)

func fail(err error) {
	if err != nil {
		fmt.Println("ERROR", err)
		os.Exit(1)
	}
}

func main() {
	resolver, background := net.Resolver{PreferGo: true}, context.Background()
	kind, name := os.Args[1], os.Args[2]
	if kind == "srv" {
		_, records, err := resolver.LookupSRV(background, "", "", name)
		fail(err)
		for _, record := range records {
			fmt.Println("SRV", record.Priority, record.Weight, record.Port, record.Target)
		}
		return
	}
	network := map[string]string{"a": "ip4", "aaaa": "ip6", "any": "ip"}[kind]
	addresses, err := resolver.LookupIP(background, network, name)
	fail(err)
	for _, address := range addresses {
		if address.To4() != nil {
			fmt.Println("A", address)
		} else {
			fmt.Println("AAAA", address)
		}
	}
}
