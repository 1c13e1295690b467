-- After once.sql: whoever asks once more gets the first answer, whoever changes the amount is
-- refused, and each award has been counted once.
create temp table later as
select n, answer.* from generate_series(1, :operations) n,
    lateral award(md5('once ' || n)::uuid, 'bench-' || lpad((n % :members)::text, 7, '0'),
        100 + (n * 7919) % 50000, 100 + (n * 7919) % 50000) answer;

do $$
begin
    perform award(md5('once 1')::uuid, member, 100, 100) from later where n = 1;
    raise exception 'an id was taken twice, with another amount the second time';
exception when unique_violation then
end
$$;

do $$
declare
    wrong bigint := (
        select count(*) from later left join ledger
            on ledger.request = md5('once ' || n)::uuid and ledger.member = later.member
        where (ledger.seq, ledger.points) is distinct from (later.seq, later.points)
    );
begin
    if wrong > 0 then
        raise exception '% retries got another answer than the first', wrong;
    end if;
end
$$;
