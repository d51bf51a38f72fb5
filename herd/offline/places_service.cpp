#include "herd/offline/places_service.hpp"

#include "herd/offline/json_writer.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::offline {
namespace {

std::optional<Outage> outage_of(Fault fault) {
    switch (fault) {
        case Fault::http_500:
            return Outage::internal;
        case Fault::http_503:
            return Outage::unavailable;
        case Fault::http_429:
            return Outage::throttled;
        case Fault::deny:
            return Outage::denied;
        case Fault::over_limit:
            return Outage::over_limit;
        case Fault::none:
        case Fault::html:
        case Fault::cut:
        case Fault::reset:
        case Fault::hang:
        case Fault::drip:
        case Fault::huge:
        case Fault::bad_json:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

PlacesService::Verdict PlacesService::admit(const Question& question) {
    target_.parse(question.target);
    if (NearbySearch::service_at(target_.path()) == NearbySearch::Service::none) return {};
    ++counters_.requests_total;
    ++counters_.in_flight;
    counters_.in_flight_max = std::max(counters_.in_flight_max, counters_.in_flight);
    query_.assign(question.target).append("\n").append(question.body);
    distinct_.add(query_);
    assert(counters_.in_flight <= counters_.in_flight_max);
    const Injector::Drawn drawn = injector_.draw();
    return {true, drawn.delay_ms, requested_fault(question).value_or(drawn.fault)};
}

void PlacesService::leave() {
    assert(counters_.in_flight > 0);
    --counters_.in_flight;
}

const Answer& PlacesService::answer(const Question& question, Fault fault) {
    target_.parse(question.target);
    const std::string_view path = target_.path();
    if (NearbySearch::service_at(path) != NearbySearch::Service::none) {
        answer_search(question, fault);
        return answer_;
    }
    const bool is_control = path == "/control" && allow_inject_;
    if (path != "/counters" && !is_control) return refuse(404);
    const auto method = is_control ? http::Request::Method::post : http::Request::Method::get;
    if (question.method != method) {
        refuse(405);
        answer_.extra = is_control ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n";
    } else if (is_control) {
        answer_control(question);
    } else {
        answer_counters();
    }
    return answer_;
}

const Answer& PlacesService::refuse(unsigned status) {
    assert(status >= 400);
    answer_.start(status, http::text_type);
    answer_.body.append(http::reason_phrase(status)).append("\n");
    return answer_;
}

// A name that is not one of ours is as good as none.
std::optional<Fault> PlacesService::requested_fault(const Question& question) const {
    if (!allow_inject_) return std::nullopt;
    const auto name =
        question.inject.empty() ? target_.find("inject") : std::string_view(question.inject);
    return name ? parse_fault(*name) : std::nullopt;
}

void PlacesService::answer_search(const Question& question, Fault fault) {
    const auto service = NearbySearch::service_at(target_.path());
    if (const auto outage = outage_of(fault)) {
        NearbySearch::fail(service, *outage, answer_);
    } else if (fault == Fault::html) {
        answer_.start(200, http::html_type);
        answer_.body = "<!DOCTYPE html>\n<title>Sign in</title>\n<p>Please sign in first.</p>\n";
    } else {
        search_.answer(question, target_, answer_);
        if (fault == Fault::bad_json) answer_.body.resize(answer_.body.size() / 2);
    }
}

void PlacesService::answer_counters() {
    answer_.start(200, http::json_type);
    JsonWriter json(answer_.body, JsonWriter::Layout::new_api);
    const auto write = [&json](std::string_view name, std::uint64_t value) {
        json.key(name);
        json.number(value);
    };
    json.begin_object();
    write("requests_total", counters_.requests_total);
    write("in_flight", counters_.in_flight);
    write("in_flight_max", counters_.in_flight_max);
    write("distinct_queries", distinct_.count());
    json.end_object();
}

void PlacesService::answer_control(const Question& question) {
    target_.parse(question.target);
    const auto fail = target_.find("fail");
    const auto delay = target_.find("delay");
    auto shares = parse_fault_shares(fail.value_or("none"));
    const auto range = parse_delay(delay.value_or("0"));
    // Nothing is changed unless all of it is understood.
    if (!shares || !range || (!fail && !delay)) {
        refuse(400);
        answer_.body = "fail=PCT:KIND[,...] or none, delay=MS or MIN..MAX\n";
        return;
    }
    if (fail) injector_.set_faults(std::move(*shares));
    if (delay) injector_.set_delay(*range);
    answer_.start(200, http::json_type);
    JsonWriter json(answer_.body, JsonWriter::Layout::new_api);
    json.begin_object();
    json.key("delay_min_ms");
    json.number(std::uint64_t{injector_.delay().min_ms});
    json.key("delay_max_ms");
    json.number(std::uint64_t{injector_.delay().max_ms});
    for (const FaultShare& share : injector_.faults()) {
        json.key(to_text(share.fault));
        json.number(share.percent);
    }
    json.end_object();
}

}  // namespace herd::offline
