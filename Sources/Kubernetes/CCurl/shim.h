// libcurl's option calls take variable arguments, which Swift cannot call: one function for each kind of argument.
#pragma once
#include <curl/curl.h>

static inline CURLcode ccurl_set_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

// The bytes are not copied: they have to outlive the handle.
static inline CURLcode ccurl_set_bytes(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_NOCOPY};
    return curl_easy_setopt(handle, option, &blob);
}

static inline CURLcode ccurl_set_receiver(CURL *handle, curl_write_callback receiver, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receiver);
    return code ? code : curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

// Receives each line of the head of an answer.
static inline CURLcode ccurl_set_head_receiver(CURL *handle, curl_write_callback receiver, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, receiver);
    return code ? code : curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}

static inline CURLcode ccurl_set_socket_opener(CURL *handle, curl_opensocket_callback opener, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, opener);
    return code ? code : curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context);
}

// A name that is still being looked up holds up nobody who gives the handle up (libcurl 7.87 and later).
static inline CURLcode ccurl_set_quick_exit(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#else
    return CURLE_OK;
#endif
}

// The address of the other end; an empty text before there is a connection.
static inline const char *ccurl_peer(CURL *handle) {
    char *address = 0;
    CURLcode code = curl_easy_getinfo(handle, CURLINFO_PRIMARY_IP, &address);
    return !code && address ? address : "";
}

// The media type of the answer; an empty text if it has none.
static inline const char *ccurl_content_type(CURL *handle) {
    char *type = 0;
    CURLcode code = curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    return !code && type ? type : "";
}

static inline long ccurl_status(CURL *handle) {
    long status = 0;
    CURLcode code = curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return code ? 0 : status;
}

// Seconds that the server asked to wait; 0 if it did not.
static inline long ccurl_retry_after(CURL *handle) {
    curl_off_t seconds = 0;
    CURLcode code = curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
    return code ? 0 : (long)seconds;
}

// The errno of the last connection that failed; 0 if there is none.
static inline int ccurl_system_error(CURL *handle) {
    long number = 0;
    CURLcode code = curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
    return code ? 0 : (int)number;
}

// Has the multi handle tell which sockets to wait for, and how long.
static inline CURLMcode ccurl_multi_set_callbacks(
    CURLM *multi, curl_socket_callback socket, curl_multi_timer_callback timer, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    if (!code) code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    if (!code) code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    if (!code) code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return code;
}
