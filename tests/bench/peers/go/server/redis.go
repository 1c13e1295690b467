// The redis-server of this peer: started with it, ended with it, however that ends.
package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

type redisServer struct {
	command *exec.Cmd
	socket  string
}

func startRedis(dir, settings string) (*redisServer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "redis.sock")
	command := exec.Command("redis-server", filepath.Join(settings, "redis.conf"), "--dir", dir,
		"--unixsocket", socket, "--logfile", filepath.Join(dir, "redis.log"),
		"--pidfile", filepath.Join(dir, "redis.pid"))
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &redisServer{command: command, socket: socket}, nil
}

func (server *redisServer) stop() {
	_ = server.command.Process.Signal(syscall.SIGTERM)
	_ = server.command.Wait()
}
