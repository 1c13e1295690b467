// Commands to Redis over one connection of redigo, pipelined: what has come up while the last batch
// went out goes out together, and answers come in the order of the commands.
package main

import (
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	batchMax    = 256  // commands a flush
	underwayMax = 1024 // commands sent and not answered; more than a batch, or sending would stall
	loadTries   = 500
	loadPause   = 20 * time.Millisecond
)

type answer struct {
	value interface{}
	err   error
}

type call struct {
	name      string
	arguments redis.Args
	done      chan answer
}

type store struct {
	connection redis.Conn
	calls      chan *call
	underway   chan *call
	award      *redis.Script
	enrol      *redis.Script
}

func readScript(folder, name string, keys int) (*redis.Script, error) {
	before, err := os.ReadFile(filepath.Join(folder, "answered.lua"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, name))
	return redis.NewScript(keys, string(before)+string(text)), err
}

// dial waits until Redis is up and has loaded what it keeps.
func dial(socket string) (connection redis.Conn, err error) {
	for try := 0; try < loadTries; try++ {
		connection, err = redis.Dial("unix", socket)
		if err == nil {
			if _, err = connection.Do("PING"); err == nil {
				return connection, nil
			}
			connection.Close()
		}
		time.Sleep(loadPause)
	}
	return nil, err
}

func openStore(socket, scripts string) (*store, error) {
	award, err := readScript(scripts, "award.lua", 3)
	if err != nil {
		return nil, err
	}
	enrol, err := readScript(scripts, "enrol.lua", 2)
	if err != nil {
		return nil, err
	}
	connection, err := dial(socket)
	if err != nil {
		return nil, err
	}
	for _, script := range []*redis.Script{award, enrol} {
		if err := script.Load(connection); err != nil {
			return nil, err
		}
	}
	opened := &store{connection: connection, award: award, enrol: enrol,
		calls: make(chan *call, batchMax), underway: make(chan *call, underwayMax)}
	go opened.send()
	go opened.receive()
	return opened, nil
}

// more gives what else has come up, if anything; handlers that are ready get their turn before.
func (store *store) more() *call {
	if len(store.calls) == 0 {
		runtime.Gosched()
	}
	select {
	case next := <-store.calls:
		return next
	default:
		return nil
	}
}

// An error of the connection stays with it, so `receive` gets it too and answers with it.
func (store *store) send() {
	for next := range store.calls {
		for sent := 1; next != nil; sent++ {
			_ = store.connection.Send(next.name, next.arguments...)
			store.underway <- next
			next = nil
			if sent < batchMax {
				next = store.more()
			}
		}
		_ = store.connection.Flush()
	}
}

func (store *store) receive() {
	for call := range store.underway {
		value, err := store.connection.Receive()
		call.done <- answer{value, err}
	}
}

func (store *store) do(name string, arguments ...interface{}) (interface{}, error) {
	asked := &call{name: name, arguments: arguments, done: make(chan answer, 1)}
	store.calls <- asked
	came := <-asked.done
	return came.value, came.err
}

// run calls a script: its keys first, then its arguments.
func (store *store) run(script *redis.Script, keys int, arguments ...interface{}) ([]interface{},
	error) {
	return redis.Values(store.do("EVALSHA",
		append([]interface{}{script.Hash(), keys}, arguments...)...))
}
