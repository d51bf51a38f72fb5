// Transfers. How libcurl is loaded and set up: curl_fetcher_setup.cpp.
#include "herd/places/curl_fetcher.hpp"

#include "herd/places/curl_easy.hpp"
#include "herd/places/curl_faults.hpp"
#include "herd/places/curl_library.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <utility>

// A slot:
//
//         start()            libcurl says "done"       handed over
//   free ---------> running -----------------> ended -------------> free
//                      |                          |
//                      +------- abandon() --------+----------------> free
//
// Between `running` and the other states stands detach(): only a running slot's easy handle is
// known to the multi handle.
namespace herd::places {

namespace {

constexpr long connect_timeout_ms = 2000;
constexpr long name_age_max_s = 300;

long to_ms(reactor::Duration duration) {
    return std::max<long>(std::chrono::floor<std::chrono::milliseconds>(duration).count(), 1);
}

}  // namespace

char* CurlFetcher::body_of(const Slot& slot) {
    const auto index = static_cast<std::size_t>(&slot - &slots_[0]);
    return &bodies_[index * settings_.body_max];
}

std::uint32_t CurlFetcher::concurrency_limit() const {
    const auto slots = static_cast<std::uint32_t>(slots_.size());
    return resolved_ || target_.host_name.empty() ? slots : std::min(slots, concurrency_unresolved);
}

void CurlFetcher::start(std::uint32_t index, const FetchRequest& request, reactor::Duration limit) {
    Slot& slot = slots_[index];
    assert(slot.state == State::free);
    assert(fetched_);
    assert(limit > reactor::Duration::zero());
    ++counters_.transfers;
    slot.head_size = 0;
    slot.body_size = 0;
    slot.overflowed = false;
    slot.status = 0;
    slot.move = moves_;
    if (why_unusable_.empty() && set_request(slot, request, limit) &&
        curl_->multi_add_handle(multi_, slot.easy) == CURLM_OK) {
        slot.state = State::running;
        return;
    }
    ++counters_.unexpected;
    slot.fault = FetchFault::internal;
    slot.state = State::ended;
    ended_.push_back(slot);
    turn_.post();
}

bool CurlFetcher::set_request(Slot& slot,
                              const FetchRequest& request,
                              reactor::Duration limit) const {
    std::array<char, 4096> url{};
    if (request.url.size() >= url.size()) return false;
    std::ranges::copy(request.url, url.data());
    const long limit_ms = to_ms(limit);
    const CurlEasy easy(*curl_, slot.easy);
    const bool good = easy.set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(headers_)) &&
                      easy.set(CURLOPT_DNS_CACHE_TIMEOUT, astray_ ? 0L : name_age_max_s) &&
                      easy.set(CURLOPT_URL, url.data()) && easy.set(CURLOPT_TIMEOUT_MS, limit_ms) &&
                      easy.set(CURLOPT_CONNECTTIMEOUT_MS, std::min(connect_timeout_ms, limit_ms));
    if (request.body.empty()) return good && easy.set(CURLOPT_HTTPGET, 1L);
    const auto body_size = static_cast<curl_off_t>(request.body.size());
    return good && easy.set(CURLOPT_POSTFIELDSIZE_LARGE, body_size) &&
           easy.set(CURLOPT_COPYPOSTFIELDS, request.body.data());
}

void CurlFetcher::abandon(std::uint32_t index) {
    Slot& slot = slots_[index];
    assert(slot.state != State::free);
    if (slot.state == State::running) {
        if (is_for_this_host(slot) && !was_resolved(*curl_, slot.easy)) resolved_ = false;
        detach(slot);
    } else {
        slot.unlink();
    }
    slot.state = State::free;
}

void CurlFetcher::detach(Slot& slot) {
    assert(slot.state == State::running);
    expect_ok(curl_->multi_remove_handle(multi_, slot.easy));
}

void CurlFetcher::on_ready(int fd, reactor::Ready ready) {
    int events = 0;
    if (ready.readable) events |= CURL_CSELECT_IN;
    if (ready.writable) events |= CURL_CSELECT_OUT;
    // Told of nothing but an error, libcurl gives up without reading what is still there.
    if (ready.hangup) events |= CURL_CSELECT_ERR | CURL_CSELECT_IN;
    act(fd, events);
}

void CurlFetcher::on_timer() {
    act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlFetcher::act(int fd, int events) {
    assert(multi_ != nullptr);
    int running = 0;
    expect_ok(curl_->multi_socket_action(multi_, fd, events, &running));
    turn_.post();
}

void CurlFetcher::on_turn() {
    collect();
    hand_over();
    if (!ended_.empty()) turn_.post();
}

// First all that has ended is taken from libcurl, then it is handed on: whoever gets a result may
// start the next transfer.
void CurlFetcher::collect() {
    if (multi_ == nullptr) return;
    int left = 0;
    while (const CURLMsg* message = curl_->multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        char* slot = nullptr;
        curl_->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
        assert(slot != nullptr);
        end(*static_cast<Slot*>(static_cast<void*>(slot)), code);
    }
}

void CurlFetcher::end(Slot& slot, int code) {
    assert(slot.owner == this);
    long status = 0;
    curl_->easy_getinfo(slot.easy, CURLINFO_RESPONSE_CODE, &status);
    slot.status = static_cast<std::uint32_t>(status);
    slot.fault = fault_of(code, *curl_, slot.easy, slot.overflowed);
    if (slot.fault == FetchFault::none && status <= 0) slot.fault = FetchFault::broken_off;
    if (is_for_this_host(slot)) learn(slot.fault);
    detach(slot);
    slot.state = State::ended;
    ended_.push_back(slot);
}

void CurlFetcher::learn(FetchFault fault) {
    if (fault != FetchFault::internal) resolved_ = fault != FetchFault::unresolved;
    if (fault == FetchFault::none) astray_ = false;
    if (fault == FetchFault::unconnected) astray_ = true;
}

void CurlFetcher::hand_over() {
    for (std::uint32_t i = 0; i < results_per_turn; ++i) {
        Slot* slot = ended_.pop();
        if (slot == nullptr) return;
        assert(slot->state == State::ended);
        slot->state = State::free;
        const auto index = static_cast<std::uint32_t>(slot - &slots_[0]);
        fetched_(index, {slot->fault, slot->status, {body_of(*slot), slot->body_size}});
    }
}

void CurlFetcher::expect_ok(int multi_code) {
    if (multi_code != CURLM_OK) ++counters_.unexpected;
}

}  // namespace herd::places
