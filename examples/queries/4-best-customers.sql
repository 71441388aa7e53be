-- Who spent most today, who are they by their latest profile, and has the back office sent the goods?
select u.first_name || ' ' || u.last_name                                        as customer,
       u.address_city                                                            as city,
       u.plan,
       b.orders_count                                                            as orders_ever,
       count(o.order_id)                                                         as today,
       round(sum(o.revenue), 2)                                                  as revenue,
       count(f.order_id)                                                         as sent,
       round(avg(f.hours_to_ship), 1)                                            as hours,
       coalesce(sum(r.amount), 0)                                                as refunded
from shop.users u
join shop.order_completed o on o.user_id = u.id
left join backend.users b on b.id = u.id
left join backend.order_fulfilled f on f.order_id = o.order_id
left join backend.order_refunded r on r.order_id = o.order_id
group by u.id, customer, city, u.plan, orders_ever
order by revenue desc, customer
limit 10;
