#include "herd/offline/nearby_search.hpp"

#include <cassert>

namespace herd::offline {
namespace {

void refuse_method(std::string_view allow, HttpAnswer& answer) {
    answer.start(405, text_type);
    answer.extra = allow;
    answer.body = "This method is not allowed here.\n";
}

}  // namespace

NearbySearch::Service NearbySearch::service_at(std::string_view path) {
    if (path == LegacySearch::path) return Service::legacy;
    return path == NewSearch::path ? Service::new_api : Service::none;
}

void NearbySearch::answer(const HttpRequest& request,
                          const RequestTarget& target,
                          HttpAnswer& answer) const {
    const Service service = service_at(target.path());
    assert(service != Service::none);
    if (service == Service::legacy) {
        if (request.method == HttpRequest::Method::get) return legacy_.answer(target, answer);
        return refuse_method("Allow: GET\r\n", answer);
    }
    if (request.method == HttpRequest::Method::post) {
        return new_.answer(request, target, answer);
    }
    refuse_method("Allow: POST\r\n", answer);
}

void NearbySearch::fail(Service service, Outage outage, HttpAnswer& answer) {
    assert(service != Service::none);
    service == Service::legacy ? LegacySearch::fail(outage, answer)
                               : NewSearch::fail(outage, answer);
}

}  // namespace herd::offline
