-- Which products sell best, and which are looked at a lot but hardly bought?
-- `products` holds each order's lines as a JSON array; from_json turns it into rows.
with lines as (
  select order_id,
         unnest(from_json(products, '[{"product_id": "VARCHAR", "name": "VARCHAR", "category": "VARCHAR",
                                       "price": "DOUBLE", "quantity": "BIGINT"}]'), recursive := true)
  from shop.order_completed
),
views as (
  select product_id, count(distinct anonymous_id) as viewers from shop.product_viewed group by product_id
)
select l.name,
       l.category,
       v.viewers,
       count(distinct l.order_id)                             as orders,
       sum(l.quantity)::bigint                                as units,
       round(sum(l.price * l.quantity), 2)                    as sales,
       round(100.0 * count(distinct l.order_id) / v.viewers, 1) as "orders per 100 viewers"
from lines l
join views v using (product_id)
group by l.product_id, l.name, l.category, v.viewers
order by sales desc
limit 10;
