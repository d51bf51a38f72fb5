#include "herd/offline/nearby_search.hpp"

#include <cassert>

namespace herd::offline {
namespace {

void refuse_method(std::string_view allow, Answer& answer) {
    answer.start(405, http::text_type);
    answer.extra = allow;
    answer.body = "This method is not allowed here.\n";
}

}  // namespace

NearbySearch::Service NearbySearch::service_at(std::string_view path) {
    if (path == LegacySearch::path) return Service::legacy;
    return path == NewSearch::path ? Service::new_api : Service::none;
}

void NearbySearch::answer(const Question& question,
                          const http::Target& target,
                          Answer& answer) const {
    const Service service = service_at(target.path());
    assert(service != Service::none);
    if (service == Service::legacy) {
        if (question.method == http::Request::Method::get) return legacy_.answer(target, answer);
        return refuse_method("Allow: GET, HEAD\r\n", answer);
    }
    if (question.method == http::Request::Method::post) {
        return new_.answer(question, target, answer);
    }
    refuse_method("Allow: POST\r\n", answer);
}

void NearbySearch::fail(Service service, Outage outage, Answer& answer) {
    assert(service != Service::none);
    service == Service::legacy ? LegacySearch::fail(outage, answer)
                               : NewSearch::fail(outage, answer);
}

}  // namespace herd::offline
