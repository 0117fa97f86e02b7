// Verifies a history by the packages with which Go verifies its module mirror: golang.org/x/mod/sumdb/note and tlog.
// usage: verify <folder with checkpoint and tile/> <file with the verifier key> [<file with an earlier checkpoint>]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tiles reads the tiles of C2SP tlog-tiles, which are those of the module mirror under another path.
type tiles struct{ folder string }

func (tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range wanted {
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		content, err := os.ReadFile(filepath.Join(t.folder, "tile", path))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func open(path string, verifier note.Verifier) tlog.Tree {
	signed, err := os.ReadFile(path)
	check(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("the checkpoint is not three lines that begin with %q", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// entries reads the bundles of entries from the first to the last.
func entries(folder string, size int64) [][]byte {
	var all [][]byte
	for bundle := int64(0); int64(len(all)) < size; bundle++ {
		tile := tlog.Tile{H: 8, L: -1, N: bundle, W: int(min(256, size-bundle*256))}
		path := strings.TrimPrefix(tile.Path(), "tile/8/data/")
		content, err := os.ReadFile(filepath.Join(folder, "tile", "entries", path))
		check(err)
		for len(content) > 0 {
			length := int(binary.BigEndian.Uint16(content))
			all = append(all, content[2:2+length])
			content = content[2+length:]
		}
	}
	return all
}

func main() {
	folder := os.Args[1]
	key, err := os.ReadFile(os.Args[2])
	check(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	check(err)
	tree := open(filepath.Join(folder, "checkpoint"), verifier)
	reader := tlog.TileHashReader(tree, tiles{folder})
	all := entries(folder, tree.N)
	if int64(len(all)) != tree.N {
		fail("there are %d entries and the checkpoint has %d", len(all), tree.N)
	}
	for index, entry := range all {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		check(err)
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)); err != nil {
			fail("entry %d: %v", index, err)
		}
	}
	if len(os.Args) > 3 {
		old := open(os.Args[3], verifier)
		if old.N > tree.N {
			fail("the earlier checkpoint has %d entries and this one %d", old.N, tree.N)
		}
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		check(err)
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			fail("it does not continue the earlier checkpoint: %v", err)
		}
	}
	fmt.Printf("%d entries verified\n", tree.N)
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(2)
}
