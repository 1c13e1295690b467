// The usual way to serve gRPC in Go: grpc-go, one Lua script in a Redis of its own, a client's
// certificate required.
//
//	server DIR SCRIPTS
//
// DIR/tls holds the certificates, DIR/port gets the port when it serves, DIR/redis what it keeps;
// SCRIPTS is the folder of the Lua scripts and of Redis's settings. Ends on SIGTERM.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	loyalty "loyalty/v1"
)

const messageBytesMax = 65536

// Redis ends with the thread that has started it, which must therefore be the main one.
func init() {
	runtime.LockOSThread()
}

func serverCredentials(folder string) (credentials.TransportCredentials, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "server.pem"),
		filepath.Join(folder, "server.key"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		return nil, err
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(authority)
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientCAs:    clients,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   tls.VersionTLS13,
	}), nil
}

// publishPort lets no reader see half a port.
func publishPort(dir string, listener net.Listener) error {
	port := fmt.Sprintln(listener.Addr().(*net.TCPAddr).Port)
	fresh := filepath.Join(dir, "port.new")
	if err := os.WriteFile(fresh, []byte(port), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, filepath.Join(dir, "port"))
}

func serve(dir string, store *store) error {
	shown, err := serverCredentials(filepath.Join(dir, "tls"))
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.Creds(shown), grpc.MaxRecvMsgSize(messageBytesMax))
	loyalty.RegisterPointsServiceServer(server, &points{store: store})
	loyalty.RegisterMembersServiceServer(server, &members{store: store})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		server.Stop()
	}()
	if err := publishPort(dir, listener); err != nil {
		return err
	}
	return server.Serve(listener)
}

func run(dir, scripts string) error {
	if err := os.Remove(filepath.Join(dir, "port")); err != nil && !os.IsNotExist(err) {
		return err
	}
	redis, err := startRedis(filepath.Join(dir, "redis"), scripts)
	if err != nil {
		return err
	}
	defer redis.stop()
	store, err := openStore(redis.socket, scripts)
	if err != nil {
		return err
	}
	return serve(dir, store)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: server DIR SCRIPTS")
		os.Exit(2)
	}
	dir, err := filepath.Abs(os.Args[1])
	if err == nil {
		err = run(dir, os.Args[2])
	}
	if err != nil {
		log.Fatal(err)
	}
}
