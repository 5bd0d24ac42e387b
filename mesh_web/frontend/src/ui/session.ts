// Who is logged in, for any part that must know.
import { createContext, useContext } from "react";
import { mayWrite, type Session } from "../domain/mesh";

export const SessionContext = createContext<Session>({ user: "", role: "viewer", csrf: "" });

export const useSession = (): Session => useContext(SessionContext);
export const useMayWrite = (): boolean => mayWrite(useSession());
