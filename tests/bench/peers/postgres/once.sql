-- Sent by several sessions at once: each goes through the same requests in the same order, so that
-- the same id is under way on all of them. `n` counts in each session.
\set n :n + 1
\set amount_minor 100 + (:n * 7919) % 50000
select * from award(md5('once ' || :n::text)::uuid,
    'bench-' || lpad((:n::integer % :members::integer)::text, 7, '0'), :amount_minor, :amount_minor);
