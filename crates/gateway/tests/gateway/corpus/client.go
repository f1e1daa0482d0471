// Makes the exchanges that standard input lists, with the client of the standard library, and prints what came back.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

type exchange struct {
	Name     string
	Method   string
	Target   string
	Headers  [][2]string
	Body     []byte
	Chunked  bool
	Trailers [][2]string
}

type answer struct {
	Status   int         `json:"status"`
	Reason   string      `json:"reason"`
	Headers  [][2]string `json:"headers"`
	Body     []byte      `json:"body"`
	Trailers [][2]string `json:"trailers"`
}

// A character of the lists is a byte on the wire.
func wire(text string) string {
	bytes := make([]byte, 0, len(text))
	for _, character := range text {
		bytes = append(bytes, byte(character))
	}
	return string(bytes)
}

func text(wire string) string {
	characters := make([]rune, 0, len(wire))
	for at := 0; at < len(wire); at++ {
		characters = append(characters, rune(wire[at]))
	}
	return string(characters)
}

func list(headers http.Header) [][2]string {
	all := [][2]string{}
	for name, values := range headers {
		for _, value := range values {
			all = append(all, [2]string{text(name), text(value)})
		}
	}
	return all
}

func main() {
	var given struct {
		Host      string
		Exchanges []exchange
	}
	must(json.NewDecoder(os.Stdin).Decode(&given))
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	got := []answer{}
	for _, one := range given.Exchanges {
		target, err := url.Parse("http://" + given.Host + one.Target)
		must(err)
		request := &http.Request{Method: one.Method, URL: target, Header: http.Header{}}
		for _, header := range one.Headers {
			if strings.EqualFold(header[0], "connection") && header[1] == "close" {
				request.Close = true
			}
			// As it is spelt: Add would spell it in its own way.
			request.Header[header[0]] = append(request.Header[header[0]], wire(header[1]))
		}
		if one.Chunked {
			request.Body = io.NopCloser(bytes.NewReader(one.Body))
			request.ContentLength = -1
			for _, trailer := range one.Trailers {
				if request.Trailer == nil {
					request.Trailer = http.Header{}
				}
				request.Trailer.Add(trailer[0], wire(trailer[1]))
			}
		} else if len(one.Body) > 0 {
			request.Body = io.NopCloser(bytes.NewReader(one.Body))
			request.ContentLength = int64(len(one.Body))
		}
		response, err := client.Do(request)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", one.Name, err))
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", one.Name, err))
		}
		must(response.Body.Close())
		_, reason, _ := strings.Cut(response.Status, " ")
		got = append(got, answer{
			response.StatusCode, text(reason), list(response.Header), body, list(response.Trailer),
		})
	}
	must(json.NewEncoder(os.Stdout).Encode(got))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
