-- How far do visitors get, from looking at a product to an order, on a computer, a phone and in the app?
with steps as (
  select 1 as n, 'viewed a product' as step, anonymous_id, context_user_agent, context_app_name from shop.product_viewed
  union all
  select 2, 'put one in the cart', anonymous_id, context_user_agent, context_app_name from shop.product_added
  union all
  select 3, 'started to check out', anonymous_id, context_user_agent, context_app_name from shop.checkout_started
  union all
  select 4, 'ordered', anonymous_id, context_user_agent, context_app_name from shop.order_completed
),
reached as (
  select distinct n, step, anonymous_id,
         case when context_app_name is not null then 'app'
              when regexp_matches(context_user_agent, 'iPhone|Android') then 'phone'
              else 'computer' end as device
  from steps
)
select step,
       count(*) filter (device = 'computer') as computer,
       count(*) filter (device = 'phone')    as phone,
       count(*) filter (device = 'app')      as app,
       count(*)                              as everyone,
       round(100.0 * count(*) / first_value(count(*)) over (order by n), 1) as "% of viewers",
       bar(count(*), 0, first_value(count(*)) over (order by n), 24)        as " "
from reached
group by n, step
order by n;
