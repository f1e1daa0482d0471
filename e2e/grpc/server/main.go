// A server of gRPC that the tests call through the Gateway. Its first line is its port; every further one is a call that
// began or ended, with what it was told.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type message = wrapperspb.BytesValue

// say tells the test what happens; lines do not mix, since each is one write.
func say(format string, values ...any) {
	fmt.Fprintf(os.Stdout, format+"\n", values...)
}

// echoed is what the caller told, to be told back.
func echoed(ctx context.Context) metadata.MD {
	told, _ := metadata.FromIncomingContext(ctx)
	back := metadata.MD{}
	for name, values := range told {
		if strings.HasPrefix(name, "x-told") {
			back[name] = values
		}
	}
	return back
}

func once(_ any, ctx context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	in := new(message)
	if err := read(in); err != nil {
		return nil, err
	}
	told, _ := metadata.FromIncomingContext(ctx)
	say("once %s", strings.Join(told.Get("authorization"), ","))
	if err := grpc.SetHeader(ctx, echoed(ctx)); err != nil {
		return nil, err
	}
	if err := grpc.SetTrailer(ctx, echoed(ctx)); err != nil {
		return nil, err
	}
	return in, nil
}

func fails(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
	say("fails")
	return nil, status.Error(codes.FailedPrecondition, "not now: 100% é\n")
}

func hangs(_ any, ctx context.Context, _ func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	left := "none"
	if deadline, ok := ctx.Deadline(); ok {
		left = fmt.Sprint(time.Until(deadline).Milliseconds())
	}
	say("hangs %s", left)
	<-ctx.Done()
	say("ended %v", ctx.Err())
	return nil, status.FromContextError(ctx.Err()).Err()
}

func lists(_ any, stream grpc.ServerStream) error {
	in := new(message)
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	for _, part := range in.Value {
		if err := stream.SendMsg(wrapperspb.Bytes([]byte{part})); err != nil {
			return err
		}
	}
	return nil
}

func collects(_ any, stream grpc.ServerStream) error {
	var all []byte
	for {
		in := new(message)
		err := stream.RecvMsg(in)
		if errors.Is(err, io.EOF) {
			return stream.SendMsg(wrapperspb.Bytes(all))
		}
		if err != nil {
			return err
		}
		all = append(all, in.Value...)
	}
}

func talks(_ any, stream grpc.ServerStream) error {
	say("talks")
	for {
		in := new(message)
		err := stream.RecvMsg(in)
		if errors.Is(err, io.EOF) {
			stream.SetTrailer(echoed(stream.Context()))
			say("ended well")
			return nil
		}
		if err == nil {
			err = stream.SendMsg(in)
		}
		if err != nil {
			say("ended %v", stream.Context().Err())
			return err
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "chat.Chat",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "Once", Handler: once},
			{MethodName: "Fails", Handler: fails},
			{MethodName: "Hangs", Handler: hangs},
		},
		Streams: []grpc.StreamDesc{
			{StreamName: "Lists", Handler: lists, ServerStreams: true},
			{StreamName: "Collects", Handler: collects, ClientStreams: true},
			{StreamName: "Talks", Handler: talks, ServerStreams: true, ClientStreams: true},
		},
	}, nil)
	say("%d", listener.Addr().(*net.TCPAddr).Port)
	panic(server.Serve(listener))
}
