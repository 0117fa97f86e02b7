// Verifies the proof of one event by Torchwood: the file of C2SP tlog-proof, the bytes of the event, and the keys and
// witnesses that are trusted (C2SP tlog-policy).
// usage: verify <file with the policy> <file with the proof> <file with the entry>
package main

import (
	"fmt"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	policy, err := torchwood.ParsePolicy(read(os.Args[1]))
	check(err)
	check(torchwood.VerifyProof(policy, tlog.RecordHash(read(os.Args[3])), read(os.Args[2])))
	fmt.Println("the entry is in the log")
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	check(err)
	return content
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
