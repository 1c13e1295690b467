-- One award, as pgbench sends it. The digest stands for that of the request's content.
\set member random(0, :members - 1)
\set amount_minor random(100, 50099)
\set digest hash(:member * 100000 + :amount_minor)
select * from award(gen_random_uuid(), 'bench-' || lpad(:member::text, 7, '0'),
    :amount_minor, :digest);
