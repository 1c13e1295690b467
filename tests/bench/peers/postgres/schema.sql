-- The usual design: a member's row is locked, so its awards follow one another; what a request came
-- to is kept under its id, so a retry gets the first answer and an id with other content is refused.
-- `reply` is that answer. Run once by the role admin; the role till may award and look up.
create type award_reply as (
    member text, seq bigint, recorded_at timestamptz, points bigint, score bigint, balance bigint,
    year_score bigint, tier text
);

-- Rows are updated in place: room for that in each page, and no index on what changes.
create table member (
    id text primary key,
    seq bigint not null default 1,
    tier text not null default 'member',
    balance bigint not null default 0,
    year integer not null default extract(year from now()),
    year_score bigint not null default 0
) with (fillfactor = 50);

create table ledger (
    member text not null,
    seq bigint not null,
    recorded_at timestamptz not null,
    request uuid not null,
    amount_minor bigint not null,
    points bigint not null,
    score bigint not null,
    primary key (member, seq)
);

create table request (
    id uuid primary key,
    digest bigint not null,
    expires_at timestamptz not null,
    reply award_reply not null
);

create function multiplier_bp(tier text) returns bigint language sql immutable as $$
    select case tier
        when 'diamond' then 15000 when 'gold' then 12500 when 'silver' then 11000 else 10000
    end
$$;

create function tier_of(score bigint) returns text language sql immutable as $$
    select case
        when score >= 50000 then 'diamond' when score >= 10000 then 'gold'
        when score >= 2000 then 'silver' else 'member'
    end
$$;

-- Two statements of one transaction see different snapshots (READ COMMITTED), so whoever has waited
-- for the row sees the request of whom it waited for. An id used for two members at the same instant
-- is refused by the key of `request`.
create function award(p_request uuid, p_member text, p_amount_minor bigint, p_digest bigint)
returns award_reply language plpgsql security definer as $$
declare
    account member;
    known request;
    answer award_reply;
begin
    if p_amount_minor < 0 or p_amount_minor > 1000000000000 then
        raise exception 'AMOUNT_OUT_OF_RANGE' using errcode = 'invalid_parameter_value';
    end if;
    select * into account from member where id = p_member for no key update;
    if not found then
        raise exception 'MEMBER_UNKNOWN' using errcode = 'no_data_found';
    end if;
    select * into known from request where id = p_request;
    if found then
        if known.digest <> p_digest then
            raise exception 'ID_CONFLICT' using errcode = 'unique_violation';
        end if;
        return known.reply;
    end if;
    answer.member := p_member;
    answer.seq := account.seq + 1;
    answer.recorded_at := clock_timestamp();
    answer.score := p_amount_minor / 100;
    answer.points := p_amount_minor * multiplier_bp(account.tier) / 1000000;
    answer.balance := account.balance + answer.points;
    if extract(year from answer.recorded_at) <> account.year then
        account.year := extract(year from answer.recorded_at);
        account.year_score := 0;
    end if;
    answer.year_score := account.year_score + answer.score;
    answer.tier := tier_of(answer.year_score);
    update member set seq = answer.seq, tier = answer.tier, balance = answer.balance,
        year = account.year, year_score = answer.year_score where id = p_member;
    insert into ledger values (p_member, answer.seq, answer.recorded_at, p_request, p_amount_minor,
        answer.points, answer.score);
    insert into request values (p_request, p_digest, answer.recorded_at + interval '400 days',
        answer);
    return answer;
end
$$;

create function get_member(p_member text)
returns table (id text, seq bigint, tier text, balance bigint, year_score bigint)
language sql stable as $$
    select id, seq, tier, balance, year_score from member where id = p_member
$$;

-- Ends in an error when the books do not agree: awards counted twice, lost, or half written.
create procedure check_books(awards_expected bigint) language plpgsql as $$
declare
    awards bigint := (select count(*) from ledger);
    requests bigint := (select count(*) from request);
    wrong bigint;
begin
    if awards <> awards_expected or requests <> awards_expected then
        raise exception '% awards were made, but % are in the ledger and % ids are known',
            awards_expected, awards, requests;
    end if;
    select count(*) into wrong from member left join (
        select member, sum(points) points, count(*) lines, max(seq) seq from ledger group by member
    ) line on line.member = member.id
    where balance <> coalesce(points, 0) or member.seq <> 1 + coalesce(lines, 0)
        or member.seq <> coalesce(line.seq, 1);
    if wrong > 0 then
        raise exception 'of % members the balance is not what the ledger says', wrong;
    end if;
end
$$;

create role till login;
revoke all on function award from public;
revoke all on procedure check_books from public;
grant execute on function award to till;
grant select on member to till;
