#include "gen/context.h"

#include "gen/random.h"
#include "gen/text.h"

namespace dray::gen {
namespace {

using namespace std::string_view_literals;

void put_page(std::string& out, const Scene& scene) {
  put(out, "{\"path\":\"");
  put_path(out, scene.page);
  put(out, "\",\"referrer\":\"");
  put_referrer(out, scene);
  put(out, "\",\"search\":\"");
  put_search(out, scene);
  put(out, "\",\"title\":\"");
  put_title(out, scene.page);
  put(out, "\",\"url\":\"", shop_host);
  put_path(out, scene.page);
  put_search(out, scene);
  put(out, "\"}");
}

void put_ip(std::string& out, const Scene& scene) {
  const std::uint64_t at = key_of(scene.device, Stream::device, 3);
  put(out, "\"ip\":\"", scene.person.town->network, '.', (at >> 8) & 255U, '.', (at >> 16) & 255U,
      '.', 1 + ((at >> 24) & 127U), "\",");
}

void put_browser_context(std::string& out, const Scene& scene) {
  put(out, '{');
  if (const Campaign* from = campaign_of(scene.event)) {
    put(out, "\"campaign\":{");
    if (!from->content.empty()) put(out, "\"content\":\"", from->content, "\",");
    put(out, "\"medium\":\"", from->medium, "\",\"name\":\"", from->name, "\",\"source\":\"",
        from->source, "\"},");
  }
  put_ip(out, scene);
  put(out, "\"library\":{\"name\":\"analytics.js\",\"version\":\"npm:next-1.84.3\"},\"locale\":\"",
      scene.person.town->locale, "\",\"page\":");
  put_page(out, scene);
  const Browser& with = browser(scene.device);
  put(out, ",\"timezone\":\"", scene.person.town->timezone, "\",\"userAgent\":\"", with.user_agent,
      '"');
  if (!with.client_hints.empty()) put(out, ",\"userAgentData\":", with.client_hints);
  put(out, '}');
}

void put_app_traits(std::string& out, const Scene& scene) {
  put(out, "\"traits\":{");
  if (scene.event.identified) {
    put(out, "\"email\":\"");
    put_email(out, scene.person);
    put(out, "\",\"firstName\":\"", scene.person.first_name.text, "\",\"lastName\":\"",
        scene.person.last_name.text, "\"");
  }
  put(out, "}");
}

void put_network(std::string& out, const Scene& scene) {
  const bool wifi = Random{key_of(scene.event.visit, Stream::device, 5)}.percent(65);
  put(out, "\"network\":{");
  if (!scene.ios) put(out, "\"bluetooth\":", (scene.device & 4U) != 0, ',');
  put(out, "\"carrier\":\"", carrier(scene.device), "\",\"cellular\":", !wifi, ",\"wifi\":", wifi,
      "},");
}

void put_ios_context(std::string& out, const Scene& scene) {
  const Phone& phone = iphone(scene.device);
  const bool tracking = (scene.device & 3U) == 0;
  put(out,
      R"({"app":{"build":"4127","name":"Harbor & Pine","namespace":"com.harborandpine.shop","version":"5.12.1"},)",
      R"("device":{"adTrackingEnabled":)", tracking);
  if (tracking) put(out, ",\"advertisingId\":\"", UpperUuid{uuid_of(scene.device + 1)}, '"');
  put(out, ",\"id\":\"", UpperUuid{uuid_of(scene.device)},
      "\",\"manufacturer\":\"Apple\",\"model\":\"", phone.model, "\",\"name\":\"", phone.name,
      "\",\"type\":\"ios\"},\"instanceId\":\"", UpperUuid{uuid_of(scene.event.visit)}, "\",");
  put_ip(out, scene);
  put(out, "\"library\":{\"name\":\"analytics-swift\",\"version\":\"1.9.1\"},\"locale\":\"",
      scene.person.town->locale, "\",");
  put_network(out, scene);
  put(out, "\"os\":{\"name\":\"iOS\",\"version\":\"", phone.os_version,
      "\"},\"screen\":{\"height\":", phone.height, ",\"width\":", phone.width, "},\"timezone\":\"",
      scene.person.town->timezone, "\",");
  put_app_traits(out, scene);
  put(out, '}');
}

void put_android_context(std::string& out, const Scene& scene) {
  const Phone& phone = android(scene.device);
  put(out,
      R"({"app":{"build":"51201","name":"Harbor & Pine","namespace":"com.harborandpine.shop","version":"5.12.0"},)",
      R"("device":{"adTrackingEnabled":true,"advertisingId":")", uuid_of(scene.device + 1),
      "\",\"id\":\"", Hex{mix64(scene.device), 16}, "\",\"manufacturer\":\"", phone.manufacturer,
      "\",\"model\":\"", phone.model, "\",\"name\":\"", phone.name,
      "\",\"type\":\"android\"},\"instanceId\":\"", uuid_of(scene.event.visit), "\",");
  put_ip(out, scene);
  put(out, "\"library\":{\"name\":\"analytics-kotlin\",\"version\":\"1.19.2\"},\"locale\":\"",
      scene.person.town->locale, "\",");
  put_network(out, scene);
  put(out, "\"os\":{\"name\":\"Android\",\"version\":\"", phone.os_version,
      "\"},\"screen\":{\"density\":", phone.density, ",\"height\":", phone.height,
      ",\"width\":", phone.width, "},\"timezone\":\"", scene.person.town->timezone, "\",");
  put_app_traits(out, scene);
  put(out, ",\"userAgent\":\"Dalvik/2.1.0 (Linux; U; Android ", phone.os_version, "; ", phone.model,
      " Build/", phone.build, ")\"}");
}

void put_server_context(std::string& out, const Scene& scene) {
  if (scene.python) {
    put(out, R"({"library":{"name":"analytics-python","version":"2.3.4"}})");
    return;
  }
  // The shop's backend passes on what it knows of the request.
  put(out, '{');
  put_ip(out, scene);
  put(out, R"("library":{"name":"@segment/analytics-node","version":"3.1.0"},"locale":")",
      scene.person.town->locale, "\",\"page\":");
  put_page(out, scene);
  put(out, ",\"timezone\":\"", scene.person.town->timezone, "\",\"userAgent\":\"",
      browser(scene.device).user_agent, "\"}");
}

}  // namespace

void put_context(std::string& out, const Scene& scene) {
  switch (scene.event.channel) {
    case Channel::browser:
      return put_browser_context(out, scene);
    case Channel::server:
      return put_server_context(out, scene);
    case Channel::mobile:
      return scene.ios ? put_ios_context(out, scene) : put_android_context(out, scene);
  }
}

}  // namespace dray::gen
