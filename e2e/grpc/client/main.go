// A client of gRPC that calls through the Gateway what its argument names, and prints what came of it as lines of JSON.
// GATEWAY is an address, RESOURCE what is called, MANDATE the mandate for the one call.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type message = wrapperspb.BytesValue

// outcome is what the test reads. Bytes come in base64.
type outcome struct {
	Code    uint32            `json:"code"`
	Message string            `json:"message"`
	Reason  string            `json:"reason,omitempty"`
	Details map[string]string `json:"details,omitempty"`
	Got     [][]byte          `json:"got"`
	Header  metadata.MD       `json:"header"`
	Trailer metadata.MD       `json:"trailer"`
}

func tell(value any) {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		panic(err)
	}
}

// readable has the bytes of binary metadata in hexadecimal.
func readable(all metadata.MD) metadata.MD {
	for name, values := range all {
		for at, value := range values {
			if strings.HasSuffix(name, "-bin") {
				values[at] = hex.EncodeToString([]byte(value))
			}
		}
	}
	return all
}

func (o *outcome) end(err error) {
	o.Header, o.Trailer = readable(o.Header), readable(o.Trailer)
	it := status.Convert(err)
	o.Code, o.Message = uint32(it.Code()), it.Message()
	for _, detail := range it.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			o.Reason, o.Details = info.GetDomain()+"/"+info.GetReason(), info.GetMetadata()
		}
	}
	tell(o)
}

func main() {
	connection, err := grpc.NewClient(os.Getenv("GATEWAY"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx,
		"authorization", "Bearer "+os.Getenv("MANDATE"), "x-caracal-resource", os.Getenv("RESOURCE"),
		"x-told", "a", "x-told", "b, c", "x-told-bin", "\x00\x01\xff\xfe")
	got := outcome{Got: [][]byte{}}
	switch os.Args[1] {
	case "once":
		got.once(ctx, connection, "/chat.Chat/Once", []byte("one"))
	case "large":
		large := make([]byte, 3<<20)
		for at := range large {
			large[at] = byte(at * 7)
		}
		out := new(message)
		err := connection.Invoke(ctx, "/chat.Chat/Once", wrapperspb.Bytes(large), out)
		if string(out.Value) == string(large) {
			got.Got = append(got.Got, []byte("the same"))
		}
		got.end(err)
	case "fails":
		got.once(ctx, connection, "/chat.Chat/Fails", nil)
	case "unknown":
		got.once(ctx, connection, "/chat.Chat/Unknown", nil)
	case "deadline":
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		got.once(short, connection, "/chat.Chat/Hangs", nil)
	case "cancelled":
		// What the test writes ends the call.
		short, cancel := context.WithCancel(ctx)
		go func() {
			_, _ = os.Stdin.Read(make([]byte, 1))
			cancel()
		}()
		got.once(short, connection, "/chat.Chat/Hangs", nil)
	case "lists":
		got.stream(ctx, connection, "/chat.Chat/Lists", false, []byte("abc"))
	case "collects":
		got.stream(ctx, connection, "/chat.Chat/Collects", false, []byte("ab"), []byte("c"), nil, []byte("d"))
	case "talks":
		got.stream(ctx, connection, "/chat.Chat/Talks", true, []byte("one"), []byte("two"), []byte("three"))
	case "talks-on":
		got.talksOn(ctx, connection)
	default:
		panic("no such call")
	}
}

func (o *outcome) once(ctx context.Context, connection *grpc.ClientConn, method string, in []byte) {
	out := new(message)
	err := connection.Invoke(ctx, method, wrapperspb.Bytes(in), out, grpc.Header(&o.Header), grpc.Trailer(&o.Trailer))
	if err == nil {
		o.Got = append(o.Got, out.Value)
	}
	o.end(err)
}

func opened(ctx context.Context, connection *grpc.ClientConn, method string) grpc.ClientStream {
	both := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	stream, err := connection.NewStream(ctx, both, method)
	if err != nil {
		panic(err)
	}
	return stream
}

// stream sends each of the messages, and waits for an answer to each where they take turns.
func (o *outcome) stream(ctx context.Context, connection *grpc.ClientConn, method string, turns bool, messages ...[]byte) {
	stream := opened(ctx, connection, method)
	for _, each := range messages {
		// Who is not heard any more learns from the answer why.
		err := stream.SendMsg(wrapperspb.Bytes(each))
		if err != nil && !errors.Is(err, io.EOF) {
			panic(err)
		}
		if (turns || err != nil) && !o.receive(stream) {
			return
		}
	}
	if err := stream.CloseSend(); err != nil {
		panic(err)
	}
	for o.receive(stream) {
	}
}

// receive takes the next message; where there is none, that was all.
func (o *outcome) receive(stream grpc.ClientStream) bool {
	out := new(message)
	err := stream.RecvMsg(out)
	if err == nil {
		o.Got = append(o.Got, out.Value)
		return true
	}
	o.Header, _ = stream.Header()
	o.Trailer = stream.Trailer()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	o.end(err)
	return false
}

// talksOn says when the first answer came, and then waits for the end that others make.
func (o *outcome) talksOn(ctx context.Context, connection *grpc.ClientConn) {
	stream := opened(ctx, connection, "/chat.Chat/Talks")
	if err := stream.SendMsg(wrapperspb.Bytes([]byte("one"))); err != nil && !errors.Is(err, io.EOF) {
		panic(err)
	}
	if o.receive(stream) {
		tell("talking")
		for o.receive(stream) {
		}
	}
}
