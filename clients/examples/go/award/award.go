// Awards a sale to a member over gRPC, then looks the member up.
//
//	LOYALTY_SERVER=127.0.0.1:7411 LOYALTY_TLS=tls LOYALTY_AS=till award MEMBER AMOUNT_MINOR
//
// Built by ../build with Debian's Go, which also generates package loyalty/v1 from proto/.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	loyalty "loyalty/v1"
)

const (
	deadline = 5 * time.Second
	attempts = 8
	retry    = 200 * time.Millisecond
)

// connect shows this client's certificate and believes only the club's authority.
func connect(server, folder, name string) (*grpc.ClientConn, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, name+".pem"),
		filepath.Join(folder, name+".key"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return grpc.Dial(server, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS13})))
}

// awardRequest is one intent: its id and instant are made once and kept for every retry.
func awardRequest(member string, amountMinor int64) *loyalty.AwardRequest {
	return &loyalty.AwardRequest{
		Mutation: &loyalty.Mutation{
			RequestId: uuid.New().String(), CreatedAt: timestamppb.Now()},
		Member: &loyalty.MemberRef{By: &loyalty.MemberRef_MemberId{MemberId: member}},
		Sale: &loyalty.Sale{
			Currency: "CNY", Lines: []*loyalty.SaleLine{{AmountMinor: amountMinor}}},
	}
}

func openOrLater(code codes.Code) bool {
	switch code {
	case codes.Unavailable, codes.ResourceExhausted: // not executed: later
		return true
	case codes.Unknown, codes.DeadlineExceeded, codes.Internal, codes.Canceled: // perhaps: ask again
		return true
	}
	return false
}

// certainly asks until the answer is definite, and says whether it had been given before.
func certainly(ask func(context.Context, ...grpc.CallOption) error) (bool, error) {
	for attempt := 1; ; attempt++ {
		var trailer metadata.MD
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		err := ask(ctx, grpc.Trailer(&trailer))
		cancel()
		if !openOrLater(status.Code(err)) || attempt == attempts {
			replayed := trailer.Get("loyalty-replayed")
			return len(replayed) == 1 && replayed[0] == "true", err
		}
		time.Sleep(retry << (attempt - 1))
	}
}

func run(member string, amountMinor int64) error {
	name := os.Getenv("LOYALTY_AS")
	if name == "" {
		name = "till"
	}
	connection, err := connect(os.Getenv("LOYALTY_SERVER"), os.Getenv("LOYALTY_TLS"), name)
	if err != nil {
		return err
	}
	defer connection.Close()
	points := loyalty.NewPointsServiceClient(connection)
	members := loyalty.NewMembersServiceClient(connection)
	request := awardRequest(member, amountMinor)
	for time := 1; time <= 2; time++ {
		var award *loyalty.AwardResponse
		replayed, err := certainly(func(ctx context.Context, o ...grpc.CallOption) (err error) {
			award, err = points.Award(ctx, request, o...)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("awarded %d, balance %d, replayed %t\n", award.Points, award.Standing.Balance,
			replayed)
	}
	var found *loyalty.GetMemberResponse
	_, err = certainly(func(ctx context.Context, o ...grpc.CallOption) (err error) {
		found, err = members.GetMember(ctx, &loyalty.GetMemberRequest{Member: request.Member}, o...)
		return err
	})
	if err == nil {
		fmt.Printf("member %s, balance %d, tier %s\n", found.MemberId, found.Standing.Balance,
			found.Standing.TierId)
	}
	return err
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: award MEMBER AMOUNT_MINOR")
		os.Exit(2)
	}
	amountMinor, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err == nil {
		err = run(os.Args[1], amountMinor)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
