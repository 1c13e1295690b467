// Requests judged before anything is done: who asks, and whether what is asked makes sense.
package main

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	loyalty "loyalty/v1"
)

const (
	trustDomain = "vip.example"
	horizon     = 400 * 24 * time.Hour
	late        = 45 * 24 * time.Hour
	ahead       = 5 * time.Minute
	amountMax   = int64(1000000000000)
	linesMax    = 256
	currency    = "CNY"
)

var memberID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

type identity struct {
	role string
	unit string
}

type sale struct {
	requestID string
	amount    int64
	occurred  time.Time
	dated     bool // by the request, else it is now
}

func malformed(what string) error {
	return status.Error(codes.InvalidArgument, "MALFORMED: "+what)
}

func isMemberID(text string) bool {
	return memberID.MatchString(text)
}

// identify says who asks, by the one SPIFFE URI of the certificate; its role must be one of these.
func identify(ctx context.Context, roles ...string) (*identity, error) {
	from, _ := peer.FromContext(ctx)
	info, _ := from.AuthInfo.(credentials.TLSInfo)
	if info.SPIFFEID != nil && info.SPIFFEID.Host == trustDomain {
		path := strings.SplitN(info.SPIFFEID.Path, "/", 3)
		for _, role := range roles {
			if len(path) == 3 && path[1] == role {
				return &identity{role: role, unit: path[2]}, nil
			}
		}
	}
	return nil, status.Error(codes.PermissionDenied, "ROLE_NOT_ALLOWED")
}

func readMutation(mutation *loyalty.Mutation, now time.Time) (string, error) {
	if mutation.GetCreatedAt() == nil || mutation.MinSeq != 0 || len(mutation.RequestId) != 36 {
		return "", malformed("mutation")
	}
	id, err := uuid.Parse(mutation.RequestId)
	if err != nil {
		return "", malformed("mutation.request_id")
	}
	created := mutation.CreatedAt.AsTime()
	if created.Before(now.Add(-horizon)) {
		return "", status.Error(codes.FailedPrecondition, "TOO_OLD")
	}
	if created.After(now.Add(ahead)) {
		return "", status.Error(codes.InvalidArgument, "FROM_THE_FUTURE")
	}
	if mutation.Deadline != nil && !mutation.Deadline.AsTime().After(now) {
		return "", status.Error(codes.DeadlineExceeded, "EXPIRED")
	}
	return id.String(), nil
}

func sumOf(lines []*loyalty.SaleLine) (int64, bool) {
	sum := int64(0)
	for _, line := range lines {
		if line.AmountMinor < 0 || line.AmountMinor > amountMax {
			return 0, false
		}
		sum += line.AmountMinor
	}
	return sum, len(lines) <= linesMax && sum <= amountMax
}

// What this peer does not do is refused, not passed over.
func asksForMore(asked *loyalty.Sale) bool {
	return asked.GetOccurredDate() != "" || asked.PaidWithPointsMinor != 0 ||
		asked.Receipt != nil || asked.Unit != "" || asked.Channel != "" || asked.Training ||
		asked.ExchangeOf != "" || asked.Attached
}

func readSale(request *loyalty.AwardRequest, now time.Time) (*sale, error) {
	requestID, err := readMutation(request.Mutation, now)
	if err != nil {
		return nil, err
	}
	if !isMemberID(request.Member.GetMemberId()) {
		return nil, malformed("member")
	}
	asked := request.Sale
	if asked == nil || asksForMore(asked) {
		return nil, malformed("sale")
	}
	if asked.Currency != currency {
		return nil, status.Error(codes.InvalidArgument, "WRONG_CURRENCY")
	}
	amount, good := sumOf(asked.Lines)
	if !good {
		return nil, malformed("sale.lines")
	}
	read := &sale{requestID: requestID, amount: amount, occurred: now}
	if asked.GetOccurredAt() != nil {
		read.occurred, read.dated = asked.GetOccurredAt().AsTime(), true
	}
	if read.occurred.Before(now.Add(-late)) {
		return nil, status.Error(codes.FailedPrecondition, "SALE_TOO_OLD")
	}
	if read.occurred.After(now.Add(ahead)) {
		return nil, status.Error(codes.InvalidArgument, "SALE_FROM_FUTURE")
	}
	return read, nil
}
