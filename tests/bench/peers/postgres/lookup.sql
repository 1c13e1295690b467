-- One member looked up, as pgbench sends it.
\set member random(0, :members - 1)
select * from get_member('bench-' || lpad(:member::text, 7, '0'));
