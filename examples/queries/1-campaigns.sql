-- Which campaigns brought visitors who bought, and what is a visitor from each of them worth?
with arrivals as (    -- where a visitor came from: the first page (or app screen) of the day
  select anonymous_id,
         arg_min(coalesce(context_campaign_name,
                          case when context_page_referrer like '%google%' then '(search)' else '(direct)' end),
                 "timestamp") as came_from
  from shop.pages
  group by anonymous_id
  union all
  select distinct anonymous_id, '(app)' from shop.screens
)
select came_from,
       count(distinct a.anonymous_id)                                        as visitors,
       count(o.order_id)                                                     as orders,
       round(100.0 * count(distinct o.anonymous_id) / count(distinct a.anonymous_id), 1) as "% buying",
       coalesce(round(sum(o.revenue), 2), 0)                                 as revenue,
       coalesce(round(sum(o.revenue) / count(distinct a.anonymous_id), 2), 0) as per_visitor
from arrivals a
left join shop.order_completed o on o.anonymous_id = a.anonymous_id
group by came_from
order by per_visitor desc;
