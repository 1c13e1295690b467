// What this peer does with a request: judges it as the Node peers do (../../common/club.js), has a
// script do it whole, and says what came of it.
package main

import (
	"context"
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	loyalty "loyalty/v1"
)

const programVersion = 1

type points struct {
	loyalty.UnimplementedPointsServiceServer
	store *store
}

type members struct {
	loyalty.UnimplementedMembersServiceServer
	store *store
}

var refusals = map[string]codes.Code{
	"ID_CONFLICT":      codes.AlreadyExists,
	"ALREADY_ENROLLED": codes.AlreadyExists,
	"UNKNOWN_MEMBER":   codes.NotFound,
}

// outcome reads the first word of a script's answer, and says a retry in the trailer.
func outcome(ctx context.Context, found []interface{}, err error) error {
	if err != nil {
		return status.Error(codes.Unknown, err.Error())
	}
	word, err := redis.String(found[0], nil)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	if code, refused := refusals[word]; refused {
		return status.Error(code, word)
	}
	if word == "replayed" {
		return grpc.SetTrailer(ctx, metadata.Pairs("loyalty-replayed", "true"))
	}
	return nil
}

func instant(ms int64) *timestamppb.Timestamp {
	return timestamppb.New(time.UnixMilli(ms))
}

func (points *points) Award(ctx context.Context, request *loyalty.AwardRequest) (
	*loyalty.AwardResponse, error) {
	client, err := identify(ctx, "pos")
	if err != nil {
		return nil, err
	}
	now := time.Now()
	sale, err := readSale(request, now)
	if err != nil {
		return nil, err
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(request.Sale)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	digest := sha256.Sum256(content)
	member := request.Member.GetMemberId()
	found, err := points.store.run(points.store.award, 3,
		"member:"+member, "ledger:"+member, "answer:"+member+":"+sale.requestID,
		digest[:], now.UnixMilli(), now.UTC().Year(), sale.requestID, client.unit, sale.amount,
		sale.occurred.UnixMilli())
	if err := outcome(ctx, found, err); err != nil {
		return nil, err
	}
	return awardResponse(member, sale, found)
}

func awardResponse(member string, sale *sale, found []interface{}) (*loyalty.AwardResponse, error) {
	var recorded int64
	response := &loyalty.AwardResponse{MemberId: member, ProgramVersion: programVersion,
		Standing: &loyalty.Standing{}}
	_, err := redis.Scan(found[1:], &response.Seq, &recorded, &response.Points, &response.Score,
		&response.Standing.Balance, &response.Standing.Score, &response.Standing.TierId)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	response.RecordedAt = instant(recorded)
	response.OccurredAt = response.RecordedAt
	if sale.dated {
		response.OccurredAt = timestamppb.New(sale.occurred)
	}
	return response, nil
}

func (members *members) Enroll(ctx context.Context, request *loyalty.EnrollRequest) (
	*loyalty.EnrollResponse, error) {
	if _, err := identify(ctx, "backend", "admin"); err != nil {
		return nil, err
	}
	now := time.Now()
	requestID, err := readMutation(request.Mutation, now)
	if err != nil {
		return nil, err
	}
	member := request.MemberId
	if member == "" {
		member = requestID
	}
	if !isMemberID(member) {
		return nil, malformed("member_id")
	}
	found, err := members.store.run(members.store.enrol, 2, "member:"+member,
		"answer:"+member+":"+requestID, "enroll", now.UnixMilli(), now.UTC().Year())
	if err := outcome(ctx, found, err); err != nil {
		return nil, err
	}
	response := &loyalty.EnrollResponse{MemberId: member,
		Standing: &loyalty.Standing{TierId: "member"}}
	var enrolled int64
	if _, err := redis.Scan(found[1:], &response.Seq, &enrolled); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	response.EnrolledAt = instant(enrolled)
	return response, nil
}

func (members *members) GetMember(ctx context.Context, request *loyalty.GetMemberRequest) (
	*loyalty.GetMemberResponse, error) {
	if _, err := identify(ctx, "pos", "backend", "admin"); err != nil {
		return nil, err
	}
	member := request.Member.GetMemberId()
	if !isMemberID(member) {
		return nil, malformed("member")
	}
	kept, err := redis.StringMap(members.store.do("HGETALL", "member:"+member))
	if err != nil {
		return nil, status.Error(codes.Unknown, err.Error())
	}
	if kept["seq"] == "" {
		return nil, status.Error(codes.NotFound, "UNKNOWN_MEMBER")
	}
	now := time.Now()
	score := int64(0)
	if kept["year"] == strconv.Itoa(now.UTC().Year()) {
		score = number(kept["score"])
	}
	return &loyalty.GetMemberResponse{
		MemberId: member, Seq: uint64(number(kept["seq"])), AsOf: timestamppb.New(now),
		EnrolledAt: instant(number(kept["enrolled"])), ProgramVersion: programVersion,
		Standing: &loyalty.Standing{Balance: number(kept["balance"]), Score: score,
			TierId: kept["tier"]},
	}, nil
}

// number of a field that a script has written.
func number(text string) int64 {
	value, _ := strconv.ParseInt(text, 10, 64)
	return value
}
